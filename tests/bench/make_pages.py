"""Writes pages of 28 KB as news sites send them, each with an article of its own:
make_pages.py COUNT DIR CORPUS.jsonl BYTES, where BYTES is the length of the articles."""

import html
import json
import os
import sys

PAGE_BYTES = 28000


def links(name, count):
    items = "".join('<li class="item item-%d"><a href="https://courier.example/news/%d/a-story" '
                    'class="link" data-id="%d">A story of the day, number %d</a></li>\n'
                    % (i, i, i * 7919, i) for i in range(count))
    return '<div class="%s"><ul class="list">\n%s</ul></div>\n' % (name, items)


def article(text):
    words = html.escape(text).split()
    return "".join('<p class="article__paragraph">%s</p>\n' % " ".join(words[i:i + 60])
                   for i in range(0, len(words), 60))


def comments():
    return "".join('<div class="comment"><b>reader%d</b><time datetime="2025-08-%d">now</time><p>I '
                   "have said for years that this would come, and nobody listened.</p></div>\n"
                   % (i, 16 + i) for i in range(10))


def page(title, text):
    """Scripts fill it up to its size."""
    head = ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>%s | Courier</title>'
            '\n<meta property="og:site_name" content="Courier">\n%s<script '
            'type="application/ld+json">{"@type":"NewsArticle","datePublished":"2025-08-15"}'
            "</script>\n<script>"
            % (title, "".join('<link rel="preload" href="/static/chunk-%d.js" as="script">\n' % i
                              for i in range(30))))
    rest = ('</script></head><body class="page has-sidebar"><header>%s</header><main><article><h1>%s'
            '</h1><p>By Ada Quill</p>\n%s</article>\n<section class="comments">\n%s</section></main>'
            '<aside class="sidebar">\n%s</aside><footer>\n%s<p>Courier, 3 Quay Street.</p></footer>'
            "</body></html>\n"
            % (links("nav-main", 30), title, article(text), comments(), links("most-read", 20),
               links("footer-links", 20)))
    line = "window.queue=window.queue||[];queue.push({kind:'view'});\n"
    return head + line * max(0, (PAGE_BYTES - len(head) - len(rest)) // len(line)) + rest


def main():
    count, folder, corpus, length = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with open(corpus) as lines:
        for number in range(int(count)):
            doc = json.loads(next(lines))
            text = doc["body"]
            while len(text) < int(length):
                text += "\n\n" + json.loads(next(lines))["body"]
            with open(os.path.join(folder, "%05d.html" % number), "w") as out:
                out.write(page(html.escape(doc["title"]), text[:int(length)]))


if __name__ == "__main__":
    main()
