"""The WhatsMiner client, part by part and against simulated devices."""
