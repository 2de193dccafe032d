"""MicroBT WhatsMiner over its local TCP interface, port 4028 (manual V2.2.2)."""
