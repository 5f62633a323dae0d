"""Draws the first column of docs/messages.md and docs/messages.zh.md: `python -m tests.messages` writes it anew.

A row begins with the keys of its texts, in a comment, and has them below each other in exactly the screen's words. What they
mean and what to do stands beside them, by hand. Which texts ask nobody to do anything is said here, each with why.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from kiosk.display.english import ENGLISH
from kiosk.display.words import read_words
from kiosk.owner.english import PAGE
from tests.test_floors import ROOT

FILES = {"en": ROOT / "docs/messages.md", "zh_CN": ROOT / "docs/messages.zh.md"}
SILENT = {
    "what the customer reads; what the merchant reads beside it is in the table": """
        *.customer *.customer_more *.customer_own *_customer *_customer_more paid.payer""",
    "what the customer hears; what the merchant reads then is in the table": "say.*",
    "what a key does, or how something is keyed or held": """
        keys.* calm.touch scanning.no_picture search.how quick.* noting.* pin.more refund.all setup.type.* setup.look.wifi*
        setup.look.enrolment*""",
    "a heading": """
        history.title history.of_* search.title sale.title sale.refunds sale.story more.title who.* pin.title pin.new pin.again
        refund.title refund.why checkup.title checkup.hands owners_page.title setup.ask.* nav.* carry.which""",
    "a line of a list to choose from": """
        more.* lesson.* role.* reason.* trial.* setup.way.* setup.zone.* choice.* carry.this_month
        carry.last_month carry.today carry.yesterday""",
    "a fact, or the name of one": """
        order.tail sale.transaction sale.asked sale.says_paid sale.payer sale.refunded sale.left refund.part owners_page.code
        owners_page.fingerprint setup.step setup.look.count setup.item.* setup.fact.* slip.* tender.* signs.online shift.x shift.z
        shift.net shift.from shift.until shift.counted shift.business_day shift.zone shift.day_starts shift.opened_by
        shift.closed_by shift.quick_pay shift.native shift.sales shift.tips shift.refunds shift.failed shift.late shift.declined
        shift.undone shift.attention shift.handed_over shift.taken_over shift.unresolved shift.refund shift.nothing
        history.empty""",
    "how something is tried by hand": "trying.*",
    "what the kiosk does meanwhile": "setup.doing.*",
    "where the set-up goes on": """
        setup.invite.hotspot setup.invite.hotspot_more setup.invite.page setup.invite.page_more setup.invite.request
        setup.invite.request_more""",
    "a button, a field or a fact of the owner's page": """
        field.* help.* day.* log_in.pin log_in.go first.intro first.code first.code_help first.new first.new_help first.again
        first.go pin.intro pin.old pin.go sign.kiosk sign.runs sign.online sign.clock sign.clock_known sign.camera sign.printer
        sign.well sign.attention status.now status.doctor status.doctor_more status.examine status.examining
        status.examining_more status.look_again status.good status.machine status.release status.addresses status.zone
        status.certificate status.restart status.restart_machine export.intro export.first export.last export.csv export.json
        export.kind export.kind_* export.posting settings.shop settings.sale settings.screen settings.printer settings.page
        settings.save settings.all settings.form settings.restarts settings.all_intro settings.wrong_lines merchant.have
        merchant.here merchant.missing merchant.keys merchant.keys_more merchant.key_help merchant.api_help merchant.numbers
        merchant.save merchant.after merchant.own_key merchant.own_key_more merchant.make merchant.what.* wifi.now wifi.none
        wifi.networks wifi.no_networks wifi.secure wifi.open wifi.password wifi.password_help wifi.hidden wifi.hidden_name
        wifi.join wifi.moves wifi.joined update.newest update.well update.file update.file_help update.go update.looking
        support.* operators.intro operators.alone operators.has_pin operators.no_pin operators.role operators.pin_help
        operators.remove operators.add operators.name operators.name_help
        books.intro books.look books.day_agrees books.day_settled books.nothing books.zone books.report""",
}
"""Texts that ask nobody to act: why, and their keys (* for any). A key that is in the table is there all the same."""
ROW = re.compile(r"^\| <!-- ([\w. ]+) -->[^|]*\|", re.MULTILINE)


def keys_of(text: str) -> list[str]:
    """The keys in the table, in its order."""
    return [key for row in ROW.findall(text) for key in row.split()]


def silent(key: str) -> set[str]:
    """The patterns of SILENT that this key has."""
    return {pattern for patterns in SILENT.values() for pattern in patterns.split() if fnmatchcase(key, pattern)}


def drawn(text: str, language: str) -> str:
    """The file's text with each message as the screen has it now."""
    words = read_words(language, ENGLISH | PAGE).table
    return ROW.sub(lambda row: f"| <!-- {row[1]} --> {_message([(key, words[key]) for key in row[1].split()])} |", text)


def _message(texts: list[tuple[str, str]]) -> str:
    """Below each other, none twice; what explains the one before it is not bold."""
    lines = []
    for key, text in texts:
        words = re.sub(r"\{\w+\}", "…", text.replace("|", ""))
        lines.append(words if key.endswith("_more") or key.startswith("remedy.") else f"**{words}**")
    return "<br>".join(dict.fromkeys(lines))


if __name__ == "__main__":
    for language, file in FILES.items():
        file.write_text(drawn(file.read_text("utf-8"), language), "utf-8")
