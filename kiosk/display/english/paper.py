"""What stands on paper, where nothing breaks a line."""

from __future__ import annotations

from kiosk.display.english.texts import said, table

PAPER = table(
    said("slip.receipt", "Receipt"),
    said("slip.original", "Original"),
    said("slip.copy", "Copy"),
    said("slip.paid", "Paid with WeChat Pay"),
    said("slip.how", "Paid by"),
    said("slip.quick_pay", "Payment code"),
    said("slip.native", "QR code"),
    said("slip.you_paid", "You paid"),
    said("slip.time", "Time"),
    said("slip.order", "Order"),
    said("slip.transaction", "WeChat no."),
    said("slip.refunded", "Refunded"),
    said("slip.kept", "Left after refunds"),
    said("slip.thanks", "Thank you!"),
    said("slip.bill", "Please pay"),
    said("slip.scan", "Scan with WeChat to pay"),
    said("slip.until", "Valid until"),
    said("slip.no_receipt", "This is not a receipt."),
    said("slip.sample", "Test slip"),
    said("slip.rate", "Exchange rate"),
    said("slip.memo", "Number"),
    said("slip.tip", "Tip"),
    said("slip.training", "TRAINING: not a receipt"),
    said("slip.x_more", "Counted so far. Nothing is closed by it."),
)
