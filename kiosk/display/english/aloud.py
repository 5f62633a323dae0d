"""What a customer is told aloud, one sentence for each screen: what to do, or what has happened. Never an amount, a number or a code.

A customer hears these once and cannot look again: short, and every word true of all that the screen may mean.
"""

from __future__ import annotations

from kiosk.display.english.texts import said, table

# In a language's catalogue these are spelt as its voice (espeak-ng) reads them right: kiosk/display/spoken.py.
ALOUD = table(
    # For translators: spoken by a machine, so write as it sounds: Japanese in hiragana alone, WeChat as in your other say.… texts.
    said("say.scanning", "Please show your WeChat payment code to the camera."),
    said("say.wrong_code", "This code cannot be used. Please open your payment code in WeChat."),
    said("say.no_camera", "The camera sees nothing. Please wait for the staff."),
    said("say.qr", "Please scan the code on the screen with WeChat."),
    said("say.qr_paying", "Please confirm the payment on your phone."),
    said("say.password", "Please enter your password on your phone."),
    said("say.wait", "One moment, please."),
    said("say.charging", "Please wait. WeChat is being asked."),
    said("say.tipping", "Would you like to add a tip? Please choose on the screen."),
    said("say.same_customer", "An earlier payment is still being checked. If it was yours, please do not pay again."),
    said("say.paid", "Payment successful. Thank you!"),
    said("say.paid_twice", "You paid twice. One payment is being returned to you."),
    said("say.declined_card", "Not paid. Please choose another card in WeChat and try again."),
    said("say.declined_code", "Not paid. Please refresh your payment code and show it again."),
    said("say.declined_phone", "Not paid. Please see the message on your phone."),
    said("say.declined_again", "Not paid. Please try again."),
    said("say.declined_here", "Not paid. This payment cannot be taken here. Please ask the staff."),
    said("say.unresolved", "The result is not known yet. Please do not pay again."),
    said("say.cancelling", "The payment is being cancelled. Please do not pay any more."),
    said("say.cancelled", "Cancelled. You are not charged."),
    said("say.refunding", "Cancelled. Your money is being returned to you."),
    said("say.attention", "Please do not pay again. Please wait for the staff."),
    said("say.out_of_order", "Payments are not possible now. Please ask the staff."),
)
