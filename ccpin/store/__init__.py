"""What is on this disk: releases that were downloaded, verified and published, each as one lock names it."""
