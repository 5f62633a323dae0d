"""The stand-in for WeChat Pay, and its bench page. Strict on the wire; independent of kiosk.payment.wechat."""
