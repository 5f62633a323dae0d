"""How a kiosk comes to a machine: the package, the image, the way there."""
