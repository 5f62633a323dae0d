"""The books: which days agree with WeChat's statements, what differs, and the report to take away. Changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, render_template, request

from kiosk.books import report
from kiosk.owner.pages_sales import as_file
from kiosk.owner.parts import Parts

Page = Any  # what Flask takes

SHOWN_DAYS = 35
_MOODS = {"agrees": "good", "settled": "good", "open": "waits", "attention": "bad"}


def blueprint(parts: Parts) -> Blueprint:
    """The pages /books and /books/file."""
    pages = Blueprint("books", __name__)

    @pages.get("/books")
    def books() -> Page:
        first, last = _span(parts)
        told = parts.kiosk.books(first, last)
        days = [_day(day) for day in reversed(told["days"])]
        currencies = sorted({sums["currency"] for day in told["days"] for sums in day["sums"]})
        pictures = [report.picture(told["days"], currency) for currency in currencies]  # escaped there
        waiting = [each for each in told["differences"] if each["standing"] != "settled"]
        return render_template("books.html", days=days, pictures=pictures, waiting=waiting, first=first, last=last)

    @pages.get("/books/file")
    def books_file() -> Page:
        first, last = _span(parts)
        told, shop = parts.kiosk.books(first, last), parts.shop_file.shop
        name = f"books-{first}-{last}"
        if request.args.get("form") == "html":
            title = f"{shop.name} {shop.kiosk_id}: {g.words('nav.books')} {first} – {last}"
            page = report.as_html(told, title=title, zone=shop.zone, made_at=int(parts.now().timestamp() * 1000))
            return as_file(page.encode(), "text/html; charset=utf-8", f"{name}.html")
        return as_file(report.as_csv(told), "text/csv; charset=utf-8", f"{name}.csv")

    return pages


def _span(parts: Parts) -> tuple[str, str]:
    last: date = parts.shop_file.shop.today(parts.now()) + timedelta(days=1)  # it may be tomorrow in Beijing
    return (last - timedelta(days=SHOWN_DAYS)).isoformat(), last.isoformat()


def _day(day: dict[str, Any]) -> dict[str, Any]:
    mood = report.mood(day)
    return {**day, "how": mood, "mood": _MOODS[mood], "count": day.get(mood, 0)}
