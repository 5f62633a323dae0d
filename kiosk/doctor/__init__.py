"""`kiosk doctor`: what there is to look at, each kind in a file of its own. Some of it is the check-up's, too (support/)."""
