"""Settings of the Braiins OS client, against whole simulated machines."""
