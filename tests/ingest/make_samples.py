"""Makes the samples anew: python3 tests/ingest/make_samples.py [FOLDER]

Each is written by a program that writes such files in earnest: Python's email, mailbox, csv and
zipfile, pandoc, LibreOffice, wget, zip, tar, gzip, zstd, xz. It is not run by the tests, which
read what lies in samples/; programs of other versions make other bytes. All texts are invented."""

import base64
import csv
import email.policy
import gzip
import http.server
import io
import mailbox
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ET
import zipfile
from datetime import datetime, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "samples"))
CEST = timezone(timedelta(hours=2))

HARBOUR = """The harbour of Veldhaven reopens

The ferry to Veldhaven sails again from Monday, the port authority said.
Dredging had closed the northern basin for eleven weeks.
"""
MARKDOWN = """---
title: The tide tables of Veldhaven
author: Ilse Moorman
date: 2025-06-03
lang: en
publisher: Moorman Press
---

# Why the tables changed

The tide gauge was moved forty metres upstream in **spring**, and every table printed since is
eleven minutes early.

## What fishermen noticed

- Nets came up empty at the printed hour.
- The sandbank showed itself before breakfast.

| harbour | minutes early |
|---------|---------------|
| Veldhaven | 11 |
| Oosterdam | 4 |

A footnote explains the gauge.[^1]

[^1]: The old gauge stood beside the customs house.
"""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def write(name, data):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)


def message(subject, sender, when, text, **more):
    m = EmailMessage()
    m["Subject"] = subject
    m["From"] = sender
    m["To"] = "desk@paper.example"
    m["Date"] = when
    m["Message-ID"] = f"<{when:%Y%m%d%H%M}@mail.example>"
    m.set_content(text, **more)
    return m


def mails():
    m = message("Ferry timetable for the autumn", Address("Ilse Moorman", "ilse", "ferry.example"),
                datetime(2025, 8, 15, 9, 30, tzinfo=CEST), HARBOUR + "\nSee the attached note.\n")
    m.add_alternative("<html><body><h1>Only in HTML</h1><p>The ferry sails.</p></body></html>",
                      subtype="html")
    m.add_attachment("The night ferry carries no bicycles in October.\n", filename="note.txt")
    m.add_attachment(PIXEL, maintype="image", subtype="png", filename="logo.png")
    write("mail-alternative.eml", m.as_bytes())

    m = message("Grüße aus Köln", Address("Jürgen Groß", "j", "rhein.example"),
                datetime(2024, 2, 29, 23, 59, tzinfo=timezone.utc),
                "Schöne Grüße vom Rhein, die Brücke ist für Fußgänger wieder geöffnet.\n",
                charset="iso-8859-1", cte="quoted-printable")
    m["Content-Language"] = "de"
    text = m.as_bytes().replace(b"=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
                                b"=?iso-8859-1?Q?Gr=FC=DFe_aus?=\n =?iso-8859-1?B?IEv2bG4=?=")
    write("mail-latin1.eml", text)

    m = MIMEText("港は月曜日に再開します。渡し船は毎時出ます。\n", "plain", "iso-2022-jp")
    m["Subject"] = email.header.Header("港の再開について", "iso-2022-jp")
    m["From"] = email.header.Header("港湾局", "iso-2022-jp").encode() + " <port@minato.example>"
    m["Date"] = "Mon, 02 Jun 2025 08:00:00 +0900"
    write("mail-japanese.eml", m.as_bytes())

    m = MIMEText("<html><head><title>Письмо</title><style>p {color: red}</style></head><body>"
                 "<p>Паром снова ходит с понедельника.</p><p>Северный бассейн углублён.</p></body>"
                 "</html>", "html", "windows-1251")
    m["Subject"] = email.header.Header("Паром в Велдхавен", "koi8-r")
    m["From"] = "press@parom.example"
    m["Date"] = "Tue, 3 Jun 2025 10:15:00 GMT"
    write("mail-html-cyrillic.eml", m.as_bytes())

    inner = message("The minutes of May", Address("Piet Dekker", "piet", "council.example"),
                    datetime(2025, 5, 20, 12, 0, tzinfo=CEST), "The minutes are attached.\n")
    with open(os.path.join(OUT, "pandoc.docx"), "rb") as file:
        inner.add_attachment(file.read(), maintype="application", filename="minutes.docx",
                             subtype="vnd.openxmlformats-officedocument.wordprocessingml.document")
    outer = message("Fwd: The minutes of May", Address("Ilse Moorman", "ilse", "ferry.example"),
                    datetime(2025, 5, 21, 8, 0, tzinfo=CEST), "Please read what Piet wrote.\n")
    outer.add_attachment(inner)
    write("mail-forwarded.eml", outer.as_bytes())

    m = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
    m["Subject"] = "Nothing to see"
    m["From"] = "ilse@ferry.example"
    m["Date"] = "Wed, 4 Jun 2025 10:00:00 +0000"
    m.attach(MIMEApplication(b"Version: 1\n", "pgp-encrypted"))
    m.attach(MIMEApplication(b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n"))
    write("mail-encrypted.eml", m.as_bytes())

    path = os.path.join(OUT, "letters.mbox")
    if os.path.exists(path):
        os.remove(path)
    box = mailbox.mbox(path)
    for n, (subject, text) in enumerate((
            ("The first letter", "The lamp on the quay is broken.\n"),
            ("The second letter", "It was mended on Tuesday.\nFrom here on the quay is lit.\n"),
            ("Третье письмо", "Фонарь на набережной горит.\n"))):
        m = message(subject, Address("Writer " + "ABC"[n], "w", "letters.example"),
                    datetime(2025, 4, 1 + n, 7, 0, tzinfo=timezone.utc), text)
        if n == 1:
            m.add_attachment("A list of lamps: quay, bridge, lock.\n", filename="lamps.txt")
        framed = mailbox.mboxMessage(m)
        framed.set_from("w@letters.example", datetime(2025, 4, 1 + n, 7, 0).timetuple())
        box.add(framed)
    box.flush()
    box.close()


def feeds():
    ET.register_namespace("content", "http://purl.org/rss/1.0/modules/content/")
    ET.register_namespace("dc", "http://purl.org/dc/elements/1.1/")
    rss = ET.Element("rss", version="2.0")
    channel = ET.SubElement(rss, "channel")
    for name, text in (("title", "Veldhaven Courier"), ("link", "https://courier.example/"),
                       ("description", "News of the harbour"), ("language", "en-gb")):
        ET.SubElement(channel, name).text = text
    item = ET.SubElement(channel, "item")
    for name, text in (("title", "Ferry & tram share a ticket"),
                       ("link", "https://courier.example/ticket"), ("guid", "courier-1"),
                       ("description", "A short summary only."),
                       ("pubDate", "Fri, 15 Aug 2025 07:05:00 GMT"),
                       ("{http://purl.org/dc/elements/1.1/}creator", "Piet Dekker"),
                       ("{http://purl.org/rss/1.0/modules/content/}encoded",
                        "<p>One ticket is valid on the <b>ferry</b> and the tram.</p>"
                        "<script>track()</script><p>It costs four crowns.</p>")):
        ET.SubElement(item, name).text = text
    item = ET.SubElement(channel, "item")
    for name, text in (("title", "Gulls steal herring"),
                       ("description", "The gulls of the quay take <em>herring</em> "
                        "from the stalls."), ("pubDate", "Sat, 16 Aug 2025 09:00:00 EST")):
        ET.SubElement(item, name).text = text
    write("courier.rss", ET.tostring(rss, "utf-8", xml_declaration=True))

    write("journal.atom", """<?xml version="1.0" encoding="iso-8859-1"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">
  <title>Le Journal du port</title>
  <id>tag:journal.example,2025:feed</id>
  <updated>2025-06-05T10:00:00Z</updated>
  <entry>
    <title type="html">La criée &amp;amp; le quai</title>
    <link rel="enclosure" href="https://journal.example/son.mp3"/>
    <link href="https://journal.example/criee"/>
    <id>tag:journal.example,2025:1</id>
    <published>2025-06-04T18:00:00+02:00</published>
    <updated>2025-06-05T10:00:00Z</updated>
    <author><name>Hélène Dubois</name></author>
    <summary>Résumé bref.</summary>
    <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>La criée ouvre à l'aube, si
      le <em>vent</em> le permet.</p><p>Les prix sont affichés au quai.</p></div></content>
  </entry>
</feed>
""".encode("iso-8859-1"))


def tables():
    with io.StringIO(newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["Headline", "Published", "Outlet", "Text", "Section", "lang"])
        rows.writerow(["Lock gates replaced", "2025-03-01", "Veldhaven Courier",
                       'The old gates were "tired", said the keeper.\n\nNew ones hang since March.',
                       "harbour", "en"])
        rows.writerow(["Eel season opens", "2 April 2025", "Veldhaven Courier",
                       "Eels may be caught from Wednesday, with rods only.", "fishing", "en"])
        rows.writerow(["", "", "", "", "empty", ""])
        write("articles.csv", out.getvalue())
    with io.StringIO(newline="") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(["Titel", "title", "body", "language"])
        rows.writerow(["x", "Die Schleuse", "Die Schleuse bleibt am Montag zu; die Fähre auch.",
                       "de"])
        write("schleuse.csv", out.getvalue().encode("cp1252"))
    write("prices.csv", "fish,crowns\nherring,4\ncod,11\n")


def offices(folder):
    source = os.path.join(folder, "tides.md")
    with open(source, "w", encoding="utf-8") as file:
        file.write(MARKDOWN)
    for name in ("pandoc.docx", "pandoc.odt", "pandoc.epub"):
        run("pandoc", source, "-o", os.path.join(OUT, name))
    run("pandoc", source, "-t", "epub2", "-o", os.path.join(OUT, "pandoc-2.epub"))
    page = os.path.join(folder, "brug.html")
    with open(page, "w", encoding="utf-8") as file:
        file.write("<html lang=nl><head><meta charset=utf-8><title>De brug van Oosterdam</title>"
                   "<meta name=author content='Anna de Wit'></head><body><h1>De brug is af</h1>"
                   "<p>De brug van Oosterdam ging op donderdag open voor fietsers.</p>"
                   "<ul><li>Auto's volgen in mei.</li></ul><table><tr><td>lengte</td><td>212 m</td>"
                   "</tr></table></body></html>")
    for kind, how in (("odt", "odt:writer8"), ("docx", "docx:MS Word 2007 XML")):
        run("soffice", "--headless", "--infilter=HTML (StarWriter)", "--convert-to", how,
            "--outdir", folder, page)
        shutil.copy(os.path.join(folder, "brug." + kind), os.path.join(OUT, "libreoffice." + kind))


class Site(http.server.BaseHTTPRequestHandler):
    """Pages with the headers and encodings of the web."""

    protocol_version = "HTTP/1.1"
    LATER = ("<html><head><title>Паром</title></head><body><p>Паром ждёт у северного причала."
             "</p></body></html>").encode("cp1251")
    PAGES = {
        "/": ("text/html; charset=utf-8", "", b"<html lang=en><head><title>Start of the harbour site"
              b"</title></head><body><p>Welcome to the harbour site.</p><a href=/ferry>f</a>"
              b"<a href=/parom>p</a><a href=/notes.txt>n</a><a href=/gone>g</a><img src=/logo.png>"
              b"</body></html>"),
        "/ferry": ("text/html", "chunked", b"<html><head><title>The ferry page</title>"
                   b"<meta property='article:published_time' content='2025-07-01'></head><body>"
                   b"<p>The ferry leaves from the second pier.</p></body></html>"),
        "/parom": ("text/html; charset=windows-1251", "gzip", LATER),
        "/notes.txt": ("text/plain; charset=iso-8859-1", "",
                       "Das Café am Hafen öffnet um acht.\n".encode("latin-1")),
        "/logo.png": ("image/png", "", PIXEL),
    }

    def do_GET(self):
        if self.path not in self.PAGES:
            self.send_error(404)
            return
        kind, how, body = self.PAGES[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if how == "gzip":
            body = gzip.compress(body, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        if how == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 50):
                piece = body[at:at + 50]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def warcs(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    root = f"http://127.0.0.1:{server.server_port}/"
    crawl = ["wget", "-q", "--compression=auto", "-r", "-l1", "-p", "-P"]
    subprocess.run(crawl + [os.path.join(folder, "a"), "--warc-file=" + os.path.join(folder, "w1"),
                            "--warc-cdx", root], check=False)
    subprocess.run(crawl + [os.path.join(folder, "b"), "--no-warc-compression",
                            "--warc-dedup=" + os.path.join(folder, "w1.cdx"),
                            "--warc-file=" + os.path.join(folder, "w2"), root], check=False)
    server.shutdown()
    shutil.copy(os.path.join(folder, "w1.warc.gz"), os.path.join(OUT, "site.warc.gz"))
    shutil.copy(os.path.join(folder, "w2.warc"), os.path.join(OUT, "again.warc"))


def archives(folder):
    inside = os.path.join(folder, "in")
    os.makedirs(os.path.join(inside, "deep", "er"))
    for name, text in (("harbour.txt", HARBOUR), ("empty.txt", ""),
                       ("deep/er/page.html", "<html lang=en><head><title>A page deep inside</title>"
                        "</head><body><p>The lighthouse keeper retired.</p></body></html>"),
                       ("deep/lines.jsonl", '{"body": "A line about buoys.", "title": "Buoys"}\n'
                        '{"body": 7}\n')):
        with open(os.path.join(inside, name), "w", encoding="utf-8") as file:
            file.write(text)
    for name in ("pandoc.docx", "letters.mbox", "mail-forwarded.eml"):
        shutil.copy(os.path.join(OUT, name), inside)
    for name in os.listdir(inside) + ["deep/er/page.html", "deep/lines.jsonl"]:
        os.utime(os.path.join(inside, name), (1750000000, 1750000000))
    tar = ["tar", "--owner=0", "--group=0", "--sort=name", "-C", inside]
    for name, flag in (("papers.tar", ""), ("papers.tar.gz", "-z"), ("papers.tar.xz", "-J"),
                       ("papers.tar.zst", "--zstd")):
        run(*tar, *([flag] if flag else []), "-cf", os.path.join(OUT, name), "harbour.txt", "deep",
            "empty.txt")
    packed = os.path.join(OUT, "papers.zip")
    for name in (packed, os.path.join(folder, "locked.zip")):
        if os.path.exists(name):
            os.remove(name)
    run("zip", "-qr", packed, ".", cwd=inside)
    run("zip", "-q", "-P", "secret", os.path.join(folder, "locked.zip"), "harbour.txt", cwd=inside)
    with zipfile.ZipFile(packed, "a") as z:
        z.write(os.path.join(folder, "locked.zip"), "locked.zip")
        z.write(os.path.join(OUT, "papers.tar.gz"), "again/papers.tar.gz")
        z.writestr("../../outside.txt", "A name that points outside, and is only a name.\n")
        z.writestr("straße/übersicht.txt", "Eine Übersicht über alle Straßen am Hafen.\n")
        z.writestr("picture.png", PIXEL)
    for name, command in (("harbour.txt.gz", ["gzip", "-9nc"]), ("harbour.txt.zst", ["zstd", "-qc"]),
                          ("harbour.txt.xz", ["xz", "-c"])):
        with open(os.path.join(OUT, name), "wb") as out:
            subprocess.run(command + [os.path.join(inside, "harbour.txt")], stdout=out, check=True)
    for name in ("letters.mbox", "articles.csv"):
        with open(os.path.join(OUT, name), "rb") as file:
            write(name + ".gz", gzip.compress(file.read(), mtime=0))


def main():
    os.makedirs(OUT, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        offices(folder)
        mails()
        feeds()
        tables()
        warcs(folder)
        archives(folder)


if __name__ == "__main__":
    main()
