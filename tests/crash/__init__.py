"""A real kiosk, killed again and again at every named point of a sale; the books must agree all the same."""
