// Xapian as a peer in the comparison: the glass backend, one writer, flushed every 100,000 documents,
// compacted at the end as its documentation advises for searching; BM25 as it comes. A prefix is
// a wildcard, whose words count as one (OP_SYNONYM, the default). Title and body lie a hundred
// positions apart, and are the document's data.
#include "tests/bench/peers/driver.h"

#include <xapian.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace
{
enum mode { TOP10, TOTAL, PAGE };

Xapian::Database db;

std::string part(const char *dir, const char *name)
{
    return std::string(dir) + "/" + name;
}

Xapian::termpos add_words(Xapian::Document &doc, char *text, Xapian::termpos pos)
{
    char *word;
    while ((word = strsep(&text, " ")) != nullptr)
        if (*word != '\0')
            doc.add_posting(word, ++pos);
    return pos;
}

void index_docs(const char *docs, const char *dir)
{
    char *id, *title, *body;
    FILE *f = fopen(docs, "r");

    if (f == nullptr)
        driver_die(docs, "cannot be read");
    std::string whole = part(dir, "grown");
    if (system(("mkdir -p '" + std::string(dir) + "'").c_str()) != 0)
        driver_die(dir, "cannot be made");
    setenv("XAPIAN_FLUSH_THRESHOLD", "100000", 1); // ten thousand by default
    Xapian::WritableDatabase out(whole, Xapian::DB_CREATE_OR_OVERWRITE);
    while (driver_next_doc(f, &id, &title, &body)) {
        Xapian::Document doc;
        doc.set_data(std::string(title) + "\n" + body);
        add_words(doc, body, 100 + add_words(doc, title, 0));
        // Numbers are given in order from 1, as in docs.tsv.
        out.add_document(doc);
    }
    out.commit();
    out.compact(part(dir, "db"), Xapian::DBCOMPACT_NO_RENUMBER);
    out.close();
    fclose(f);
    if (system(("rm -rf '" + whole + "'").c_str()) != 0)
        driver_die(whole.c_str(), "cannot be removed");
}

void open_dir(const char *dir)
{
    db = Xapian::Database(part(dir, "db"));
}

void prepare(struct question *q)
{
    std::vector<std::string> words(q->words, q->words + q->word_count);
    auto op = Xapian::Query::OP_OR;

    if (strcmp(q->kind, "prefix") == 0) {
        q->made = new Xapian::Query(Xapian::Query::OP_WILDCARD, words[0]);
        return;
    }
    if (strncmp(q->kind, "and", 3) == 0)
        op = Xapian::Query::OP_AND;
    if (strncmp(q->kind, "phrase", 6) == 0)
        op = Xapian::Query::OP_PHRASE;
    // Only a phrase has a window; without one it is as wide as it has words.
    q->made = new Xapian::Query(op, words.begin(), words.end());
}

void ask(const struct question *q, int mode, struct answer *out)
{
    Xapian::Enquire enquire(db);

    enquire.set_query(*static_cast<Xapian::Query *>(q->made));
    Xapian::MSet hits =
        enquire.get_mset(0, DRIVER_TOP, mode == TOTAL ? db.get_doccount() : DRIVER_TOP);
    out->total = hits.get_matches_estimated();
    out->id_count = 0;
    if (mode == PAGE)
        hits.fetch();
    for (auto hit = hits.begin(); hit != hits.end(); ++hit) {
        out->ids[out->id_count++] = *hit;
        if (mode == PAGE)
            out->total += hit.get_document().get_data().size();
    }
}
} // namespace

int main(int argc, char **argv)
{
    struct driver xapian = {};

    xapian.index = index_docs;
    xapian.open = open_dir;
    xapian.prepare = prepare;
    xapian.ask = ask;
    xapian.modes[0] = "top10";
    xapian.modes[1] = "total";
    xapian.modes[2] = "page";
    try {
        return driver_main(&xapian, argc, argv);
    } catch (const Xapian::Error &fault) {
        driver_die("xapian", fault.get_description().c_str());
    }
    return 1;
}
