"""A whole kiosk.toml as text: every key, and behind a single # the default of each that may be left out. Knows nothing else."""

EXAMPLE = """\
[merchant]
name = "Harbour Snacks"
mode = "institution"                  # or "direct", which has appid and mchid in place of the next three
sp_appid = "wx7bc98d929da735fe"
sp_mchid = "1900007777"
sub_mchid = "1900008888"
merchant_category_code = "5814"
currency = "HKD"                      # the settlement currency of the merchant number
kiosk_id = "K07"                      # another for each kiosk of the merchant
#time_zone = "Asia/Hong_Kong"         # default: the machine's
#day_starts = "00:00"                 # of the business day: what is sold before counts to the day before

[wechat_pay]
hosts = ["https://apihk.mch.weixin.qq.com", "https://apius.mch.weixin.qq.com"]
merchant_key = "merchant_key.pem"     # beside this file, or a name in $CREDENTIALS_DIRECTORY
merchant_serial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
api_v3_key = "api_v3_key.txt"
platform_keys = "certificates"        # fetched and renewed; or [{ id = "PUB_KEY_ID_...", file = "wechat_pub.pem" }]
notify_url = "https://pay.example.net/wechat/notify"
#merchant_certificate = "merchant_cert.pem"  # by it the screen counts down to its end; default: this file, if it is there
#ca_file = "ca.pem"                   # certificate authorities to trust besides the usual ones

[display]
driver = "pygame"
size = [800, 480]
fullscreen = false
merchant_language = "en"              # en, zh_CN, zh_TW, ja, th, ko, fr, de, es or ru
customer_language = "zh_CN"
#rotation = 0                         # 90, 180 or 270: how far the picture is turned clockwise; size is what people see then
#brightness = 100                     # percent, where the screen's lamp can be set; a QR always has all of it
#dim_after_s = 120                    # idle for so long, the screen is dimmed; 0: never
## [display.customer]                 # the whole table only where a second screen is, towards the customer
## size = [800, 480]                  # where it is a window
## output = 1                         # which of the machine's screens is the customer's; the first one is 0
## rotation = 0                       # as the merchant's

[keypad]
driver = "keyboard"                   # keyboard, matrix, evdev, touch (on the screen) or scripted
#remote = false                       # true: the bench page may press keys
#script = "keys.txt"                  # scripted: presses the words of this file, as 1 2 5 0 OK
#device = "/dev/input/by-id/usb-..."  # evdev: the pad's path or name; default: the only number pad there is
#rows = [5, 6, 13, 19]                # matrix: BCM numbers of the pins, from the top row down
#columns = [12, 16, 20, 21]           # matrix: from the left column
#keys = ["123A", "456B", "789C", "*0#D"]  # matrix: what is printed on the keys
#settle_ms = 1                        # matrix: more for a long cable
#freed_pins = []                      # matrix: pins of I2C, SPI or the serial line that may be used, as it is switched off
#debounce_ms = 25                     # matrix, evdev: what a worn key may bounce; 0 for a number pad with a 00 key
#stuck_s = 5                          # a key that is down for longer is named on the screen, and counts for nothing

[camera]
driver = "picamera2"                  # picamera2, v4l2 or folder
#folder = "frames"                    # folder: images in the order of their names, again and again
#device = "/dev/video0"               # v4l2: this webcam; without it the first one on USB
#mains_hz = 50                        # the mains, 50 or 60: the shop's lamps shall not flicker in the pictures

[till]
default_tender = "quick_pay"          # what OK does after the amount; or "native"
#max_amount = 500000                  # the largest sale, in smallest units
#mode = "counter"                     # a payment stays until a key is pressed; "public": for 8 s, then the start
#result_seconds = 0                   # how long a payment stays; 0: as the mode has it. What failed stays until a key
#quick_amounts = []                   # [1500, 2500]: on 1, 2 ... of the board that SCAN opens; or { "1" = 1500, "7" = 2500 }
#memo = false                         # true: each sale is asked for a number of your own; it is on receipts and in exports
#tips = []                            # ["5%", "10%", 500]: the customer is offered these; []: nobody is asked
#guard_times = 10                     # an amount of ten times the usual asks back; 0: never
#repeat_seconds = 0                   # 10: the same amount within 10 s of its payment asks back; 0: never
#training = false                     # true: a kiosk to learn on; nothing is real, and every screen says so

[ledger]
path = "kiosk.db"
#backups = "."                        # default: beside the ledger; a folder on another disk is worth more

[control]
#socket = "kiosk.db.sock"             # default: beside the ledger

[notifications]
#listen = "127.0.0.1:8089"            # default: nowhere. WeChat calls notify_url, and your proxy there passes it on to this
#path = "/wechat/notify"              # default: that of notify_url

[sound]
#speak = "merchant"                   # whose language amounts are spoken in: merchant, customer, or none for tones alone
#guide = "none"                       # "customer": at each step they are told aloud, in their language, what to do
#volume = 100                         # of tones and voice, 0 to 100
#fresh_s = 10                         # what is older by then is not spoken of

[update]
#quiet = "03:00-05:00"                # of the shop's time: a new release is tried then, and never with an order open
[books]
#fetch = true                         # each morning WeChat's statement of the day before is held against the ledger
#unknown_payments = "keep"            # a payment the ledger never had: keep it for a person to look at, or "refund"

[owner]
#listen = "0.0.0.0:8443"              # default: nowhere, and there is no page; or one address, or an interface as "wlan0:8443"
#folder = "/var/lib/kiosk-owner"      # what the page keeps: its certificate, the PIN's hash
#steward = "/run/kiosk-steward.sock"  # whom the page asks about the machine
#door = "/run/kiosk/owner.sock"       # where the kiosk answers the page, which only reads there
[posting]
#clearing = "1150"                    # accounts of your bookkeeping, for posting files: what WeChat owes you
#sales = "4000"
#tips = "4050"
#refunds = "4090"
## [shifts]                           # the whole table only where shifts are kept; it may be empty
## close_at = "23:30"                 # each shift is closed then by itself, of the shop's time; default: by a person alone
## [printer]                          # the whole table only where there is one
## driver = "escpos"                  # escpos or paper
## connection = "usb"                 # usb, serial or network
## usb_id = "04b8:0e15"               # usb: vendor and product; default: the only printer there is
## device = "/dev/ttyUSB0"            # serial: where it is
## baud = 9600                        # serial: its speed
## host = "192.168.1.87"              # network: its address
## port = 9100                        # network
## folder = "slips"                   # paper: slips become pictures in this folder
## width_mm = 58                      # the paper: 58 or 80
## receipts = "paid"                  # by itself with each paid sale; or "asked": when a key asks for it
## chinese = "raster"                 # everything as dots; or "gb18030": as text, for a printer with Chinese characters
## answers = true                     # false: it prints, and never says how it is
"""
