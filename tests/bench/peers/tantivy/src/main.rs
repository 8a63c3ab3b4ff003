// tantivy as a peer in the comparison; README.md beside this folder tells what each driver must do.
//
//   tantivy_driver index DOCS.tsv DIR     two threads, else the defaults; ends when the merges that
//                                         came of it have ended
//   tantivy_driver merge DIR              into one segment
//   tantivy_driver search DIR QUERIES.tsv NAME ROUNDS SECONDS HITS
//
// Title and body are two values of one field, with positions; both are stored. Searches: one thread,
// memory-mapped, BM25 as it comes. tantivy has no prefix that is scored: `prefix` is what a caller can
// build, the words looked up in each segment's dictionary and asked for as a union; `prefix_const` is
// tantivy's own, a phrase of one word that is cut short.
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query, TermQuery};
use tantivy::schema::{
    Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions, Value, STORED,
};
use tantivy::tokenizer::{TextAnalyzer, WhitespaceTokenizer};
use tantivy::{DocAddress, Index, IndexWriter, Searcher, TantivyDocument, Term};

const TOP: usize = 10;
const MEMORY: usize = 512 << 20;

type Fault = Box<dyn std::error::Error>;

// ---- indexing

fn schema() -> Schema {
    let mut builder = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_tokenizer("words")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    builder.add_text_field(
        "text",
        TextOptions::default().set_indexing_options(words).set_stored(),
    );
    builder.add_text_field("id", STORED);
    builder.build()
}

fn open(dir: &str) -> Result<Index, Fault> {
    let index = Index::open_in_dir(dir)?;
    register(&index);
    Ok(index)
}

fn register(index: &Index) {
    index
        .tokenizers()
        .register("words", TextAnalyzer::builder(WhitespaceTokenizer::default()).build());
}

fn index_docs(docs: &str, dir: &str) -> Result<(), Fault> {
    std::fs::create_dir_all(dir)?;
    let index = Index::create_in_dir(dir, schema())?;
    register(&index);
    let (text, id) = fields(&index)?;
    let mut writer: IndexWriter = index.writer_with_num_threads(2, MEMORY)?;
    for line in BufReader::new(File::open(docs)?).lines() {
        let line = line?;
        let mut part = line.split('\t');
        let mut doc = TantivyDocument::default();
        doc.add_text(id, part.next().unwrap_or(""));
        doc.add_text(text, part.next().unwrap_or(""));
        doc.add_text(text, part.next().unwrap_or(""));
        writer.add_document(doc)?;
    }
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(())
}

fn merge(dir: &str) -> Result<(), Fault> {
    let index = open(dir)?;
    let mut writer: IndexWriter = index.writer_with_num_threads(1, MEMORY)?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    Ok(())
}

fn fields(index: &Index) -> Result<(Field, Field), Fault> {
    Ok((index.schema().get_field("text")?, index.schema().get_field("id")?))
}

// ---- queries

struct Question {
    kind: String,
    words: Vec<String>,
}

struct Asker {
    searcher: Searcher,
    text: Field,
    id: Field,
}

impl Asker {
    fn term(&self, word: &str) -> Term {
        Term::from_field_text(self.text, word)
    }

    fn leaf(&self, term: Term) -> Box<dyn Query> {
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    }

    /// All words of the index that begin so, each once.
    fn expand(&self, start: &str) -> Result<Vec<Term>, Fault> {
        let mut words = std::collections::BTreeSet::new();
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(self.text)?;
            let mut stream = inverted.terms().range().ge(start.as_bytes()).into_stream()?;
            while stream.advance() && stream.key().starts_with(start.as_bytes()) {
                words.insert(String::from_utf8_lossy(stream.key()).into_owned());
            }
        }
        Ok(words.iter().map(|word| self.term(word)).collect())
    }

    fn query(&self, q: &Question) -> Result<Box<dyn Query>, Fault> {
        let mut terms: Vec<Term> = q.words.iter().map(|word| self.term(word)).collect();
        let mut occur = Occur::Should;
        match q.kind.as_str() {
            "phrase2" | "phrase3" => return Ok(Box::new(PhraseQuery::new(terms))),
            "prefix" => terms = self.expand(&q.words[0])?,
            "prefix_const" => {
                let mut query = PhrasePrefixQuery::new(terms);
                query.set_max_expansions(u32::MAX);
                return Ok(Box::new(query));
            }
            kind if kind.starts_with("and") => occur = Occur::Must,
            _ => {}
        }
        if terms.len() == 1 {
            return Ok(self.leaf(terms.remove(0)));
        }
        let clauses = terms.into_iter().map(|term| (occur, self.leaf(term))).collect();
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    fn top(&self, q: &dyn Query) -> Result<Vec<(f32, DocAddress)>, Fault> {
        Ok(self.searcher.search(q, &TopDocs::with_limit(TOP).order_by_score())?)
    }

    fn total(&self, q: &dyn Query) -> Result<(Vec<(f32, DocAddress)>, usize), Fault> {
        Ok(self.searcher.search(q, &(TopDocs::with_limit(TOP).order_by_score(), Count))?)
    }

    /// Answers in a mode; what comes back keeps the compiler from leaving the search out.
    fn ask(&self, mode: &str, question: &Question) -> Result<usize, Fault> {
        let q = self.query(question)?;
        match mode {
            "top10" => Ok(self.top(&*q)?.len()),
            "total" => Ok(self.total(&*q)?.1),
            "total_count" => Ok(self.top(&*q)?.len() + q.count(&self.searcher)?),
            _ => {
                let mut letters = 0;
                for (_, at) in self.top(&*q)? {
                    let doc: TantivyDocument = self.searcher.doc(at)?;
                    for value in doc.get_all(self.text) {
                        letters += value.as_str().map_or(0, str::len);
                    }
                }
                Ok(letters)
            }
        }
    }
}

fn read_questions(path: &str) -> Result<Vec<Question>, Fault> {
    let mut all = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let mut part = line.split('\t').map(str::to_owned);
        let kind = part.next().unwrap_or_default();
        let words: Vec<String> = part.collect();
        if kind == "prefix" {
            all.push(Question { kind: "prefix_const".to_owned(), words: words.clone() });
        }
        all.push(Question { kind, words });
    }
    Ok(all)
}

// ---- measuring

fn cpu_ms() -> f64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on Linux and `t` is valid for writes.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 * 1e3 + t.tv_nsec as f64 / 1e6
}

fn at(sorted: &[f64], share: f64) -> f64 {
    match sorted.len() {
        0 => 0.0,
        n => sorted[(share * (n - 1) as f64 + 0.5) as usize],
    }
}

/// Rounds until there are `rounds`, or `seconds` of CPU time of this thread have passed; one at least.
fn measure(
    asker: &Asker,
    mode: &str,
    of: &[&Question],
    rounds: usize,
    seconds: f64,
) -> Result<Vec<f64>, Fault> {
    let mut times = Vec::new();
    let mut spent = 0.0;
    for round in 0..rounds {
        if round > 0 && spent > seconds * 1e3 {
            break;
        }
        for question in of {
            let before = cpu_ms();
            std::hint::black_box(asker.ask(mode, question)?);
            times.push(cpu_ms() - before);
            spent += times[times.len() - 1];
            std::hint::black_box(asker.ask("page", question)?); // who asks reads what was found
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn write_hits(asker: &Asker, all: &[Question], path: &str) -> Result<(), Fault> {
    let mut out = BufWriter::new(File::create(path)?);
    for question in all {
        let (top, total) = asker.total(&*asker.query(question)?)?;
        let mut ids = Vec::new();
        for (_, at) in top {
            let doc: TantivyDocument = asker.searcher.doc(at)?;
            let id = doc.get_first(asker.id).and_then(|v| v.as_str().map(str::to_owned));
            ids.push(id.unwrap_or_default());
        }
        let words = question.words.join(" ");
        writeln!(out, "{}\t{}\t{}\t{}", question.kind, words, total, ids.join(","))?;
    }
    Ok(())
}

fn search(arg: &[String]) -> Result<(), Fault> {
    let index = open(&arg[1])?;
    let (text, id) = fields(&index)?;
    let asker = Asker { searcher: index.reader()?.searcher(), text, id };
    let all = read_questions(&arg[2])?;
    let (name, rounds) = (&arg[3], arg[4].parse()?);
    let seconds: f64 = arg[5].parse()?;
    let segments = asker.searcher.segment_readers().len();
    eprintln!("{name}: {} documents, {segments} segments", asker.searcher.num_docs());
    write_hits(&asker, &all, &arg[6])?;
    let mut kinds: Vec<&str> = all.iter().map(|q| q.kind.as_str()).collect();
    kinds.dedup();
    kinds.sort();
    kinds.dedup();
    for kind in kinds {
        let of: Vec<&Question> = all.iter().filter(|q| q.kind == kind).collect();
        for mode in ["top10", "total", "total_count", "page"] {
            measure(&asker, mode, &of, 1, seconds)?;
            let times = measure(&asker, mode, &of, rounds, seconds)?;
            println!("{name}\t{kind}\t{mode}\t{:.4}\t{:.4}", at(&times, 0.5), at(&times, 0.99));
        }
    }
    Ok(())
}

fn main() -> Result<(), Fault> {
    let arg: Vec<String> = std::env::args().skip(1).collect();
    match (arg.first().map(String::as_str), arg.len()) {
        (Some("index"), 3) => index_docs(&arg[1], &arg[2]),
        (Some("merge"), 2) => merge(&arg[1]),
        (Some("search"), 7) => search(&arg),
        _ => Err("usage: index DOCS.tsv DIR | merge DIR | \
                  search DIR QUERIES.tsv NAME ROUNDS SECONDS HITS"
            .into()),
    }
}
