"""Small chat servers of many makes, each as one is usually written there; they print their port."""
