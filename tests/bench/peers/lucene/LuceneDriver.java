/* Lucene as a peer in the comparison; README.md here tells what each driver must do.
 *
 *   LuceneDriver index DOCS.tsv DIR      two threads, a RAM buffer of 256 MB, else the defaults;
 *                                        ends when the merges that came of it have ended
 *   LuceneDriver merge DIR               into one segment, as forceMerge's documentation advises
 *                                        for an index that is no longer written
 *   LuceneDriver search DIR QUERIES.tsv NAME ROUNDS SECONDS HITS
 *
 * A document's text is stored, and indexed twice: as it is (`text`, which is searched) and stemmed
 * (`stem`, which stands for what a search engine in earnest would index, and costs only when
 * indexing). Searches: one thread, MMapDirectory, no query cache, BM25 as it comes. */
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MultiTermQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.store.MMapDirectory;

public class LuceneDriver {
    private static final int TOP = 10;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /** Lower-case words between spaces; title and body lie too far apart for a phrase over both. */
    private static final class Words extends Analyzer {
        Words() {
            super(Analyzer.PER_FIELD_REUSE_STRATEGY);
        }

        @Override
        protected TokenStreamComponents createComponents(String field) {
            Tokenizer words = new WhitespaceTokenizer();
            TokenStream out = field.equals("stem") ? new PorterStemFilter(words) : words;
            return new TokenStreamComponents(words, out);
        }

        @Override
        public int getPositionIncrementGap(String field) {
            return 100;
        }
    }

    // ---- indexing

    private static void addAll(BufferedReader in, IndexWriter writer) {
        try {
            while (true) {
                String line;
                synchronized (in) {
                    line = in.readLine();
                }
                if (line == null) {
                    return;
                }
                String[] part = line.split("\t", -1);
                Document doc = new Document();
                doc.add(new StoredField("id", part[0]));
                doc.add(new StoredField("title", part[1]));
                doc.add(new StoredField("body", part[2]));
                for (String field : new String[] {"text", "stem"}) {
                    doc.add(new TextField(field, part[1], Field.Store.NO));
                    doc.add(new TextField(field, part[2], Field.Store.NO));
                }
                writer.addDocument(doc);
            }
        } catch (IOException fault) {
            fault.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    private static void index(String docs, String dir) throws Exception {
        IndexWriterConfig config = new IndexWriterConfig(new Words()).setRAMBufferSizeMB(256);
        config.setOpenMode(IndexWriterConfig.OpenMode.CREATE);
        try (MMapDirectory where = new MMapDirectory(Path.of(dir));
                BufferedReader in = Files.newBufferedReader(Path.of(docs));
                IndexWriter writer = new IndexWriter(where, config)) {
            Thread second = new Thread(() -> addAll(in, writer));
            second.start();
            addAll(in, writer);
            second.join();
            writer.commit();
        }
    }

    private static void merge(String dir) throws IOException {
        try (MMapDirectory where = new MMapDirectory(Path.of(dir));
                IndexWriter writer =
                        new IndexWriter(where, new IndexWriterConfig(new Words()))) {
            writer.forceMerge(1);
            writer.commit();
        }
    }

    // ---- queries

    private record Question(String kind, String words, Query query) {}

    private static Term term(String word) {
        return new Term("text", word);
    }

    private static Query bool(String[] part, Occur occur) {
        BooleanQuery.Builder all = new BooleanQuery.Builder();
        for (int i = 1; i < part.length; i++) {
            all.add(new TermQuery(term(part[i])), occur);
        }
        return all.build();
    }

    private static void read(String line, List<Question> out) {
        String[] part = line.split("\t");
        String words = String.join(" ", Arrays.copyOfRange(part, 1, part.length));
        Query query;
        if (part[0].startsWith("and")) {
            query = bool(part, Occur.MUST);
        } else if (part[0].startsWith("or")) {
            query = bool(part, Occur.SHOULD);
        } else if (part[0].startsWith("phrase")) {
            query = new PhraseQuery("text", Arrays.copyOfRange(part, 1, part.length));
        } else if (part[0].equals("prefix")) {
            out.add(new Question("prefix_const", words, new PrefixQuery(term(part[1]))));
            query = new PrefixQuery(term(part[1]), MultiTermQuery.SCORING_BOOLEAN_REWRITE);
        } else {
            query = new TermQuery(term(part[1]));
        }
        out.add(new Question(part[0], words, query));
    }

    /** A mode is one way to ask; each answers with its total, exact or not. */
    private interface Mode {
        long ask(IndexSearcher s, Query q) throws IOException;
    }

    private static final String[] MODE_NAMES = {"top10", "total", "total_count", "page"};
    private static final Mode[] MODES = {
        // May skip as soon as ten hits are in hand; search(query, 10) counts to a thousand first,
        // and takes as long.
        (s, q) -> s.search(q, new TopScoreDocCollectorManager(TOP, null, TOP)).totalHits.value(),
        (s, q) -> exact(s, q).totalHits.value(),
        (s, q) -> {
            s.search(q, new TopScoreDocCollectorManager(TOP, null, TOP));
            return s.count(q);
        },
        LuceneDriver::page,
    };

    private static TopDocs exact(IndexSearcher s, Query q) throws IOException {
        return s.search(q, new TopScoreDocCollectorManager(TOP, null, Integer.MAX_VALUE));
    }

    private static long page(IndexSearcher s, Query q) throws IOException {
        TopDocs top = s.search(q, new TopScoreDocCollectorManager(TOP, null, TOP));
        StoredFields stored = s.storedFields();
        long letters = 0;
        for (ScoreDoc hit : top.scoreDocs) {
            Document doc = stored.document(hit.doc);
            letters += doc.get("title").length() + doc.get("body").length();
        }
        return letters;
    }

    // ---- measuring

    private static double at(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) (share * (sorted.length - 1) + 0.5)];
    }

    private static long sink;

    /** Rounds until there are `rounds`, or `seconds` of CPU time of this thread have passed; one at
     * least. Milliseconds of CPU time, a question each. */
    private static List<Double> rounds(IndexSearcher s, Mode mode, List<Question> of, int rounds,
            double seconds) throws IOException {
        List<Double> times = new ArrayList<>();
        double spent = 0;
        for (int i = 0; i < rounds && (i == 0 || spent < seconds * 1e3); i++) {
            for (Question q : of) {
                long start = THREADS.getCurrentThreadCpuTime();
                sink += mode.ask(s, q.query);
                times.add((THREADS.getCurrentThreadCpuTime() - start) / 1e6);
                spent += times.get(times.size() - 1);
                sink += page(s, q.query); // who asks reads what was found
            }
        }
        return times;
    }

    private static void print(String name, String kind, String mode, List<Double> times) {
        double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        System.out.printf(Locale.ROOT, "%s\t%s\t%s\t%.4f\t%.4f%n", name, kind, mode,
                at(sorted, 0.5), at(sorted, 0.99));
    }

    private static void writeHits(IndexSearcher s, List<Question> all, String path)
            throws IOException {
        try (PrintWriter out = new PrintWriter(path, StandardCharsets.UTF_8)) {
            for (Question q : all) {
                TopDocs top = exact(s, q.query);
                StringBuilder ids = new StringBuilder();
                for (ScoreDoc hit : top.scoreDocs) {
                    ids.append(ids.length() == 0 ? "" : ",");
                    ids.append(s.storedFields().document(hit.doc).get("id"));
                }
                out.printf("%s\t%s\t%d\t%s%n", q.kind, q.words, top.totalHits.value(), ids);
            }
        }
    }

    private static void search(String[] arg) throws IOException {
        IndexSearcher.setMaxClauseCount(Integer.MAX_VALUE); // a short prefix stands for thousands
        List<Question> all = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(arg[2]))) {
            read(line, all);
        }
        try (MMapDirectory where = new MMapDirectory(Path.of(arg[1]));
                DirectoryReader reader = DirectoryReader.open(where)) {
            IndexSearcher s = new IndexSearcher(reader);
            s.setQueryCache(null);
            System.err.printf("%s: %d documents, %d segments%n", arg[3], reader.numDocs(),
                    reader.leaves().size());
            writeHits(s, all, arg[6]);
            int rounds = Integer.parseInt(arg[4]);
            double seconds = Double.parseDouble(arg[5]);
            // First all kinds in all modes until each is compiled: a number of rounds says little,
            // since a short query runs little code. Only then is any measured.
            for (boolean counted : new boolean[] {false, true}) {
                for (String kind : all.stream().map(Question::kind).distinct().toList()) {
                    List<Question> of = all.stream().filter(q -> q.kind.equals(kind)).toList();
                    for (int m = 0; m < MODES.length; m++) {
                        if (!counted) {
                            rounds(s, MODES[m], of, Integer.MAX_VALUE, seconds);
                            continue;
                        }
                        rounds(s, MODES[m], of, 1, 0);
                        print(arg[3], kind, MODE_NAMES[m],
                                rounds(s, MODES[m], of, rounds, seconds));
                    }
                }
            }
        }
        if (sink == 42) {
            System.err.println("so that no search is left out as useless");
        }
    }

    public static void main(String[] arg) throws Exception {
        if (arg.length == 3 && arg[0].equals("index")) {
            index(arg[1], arg[2]);
        } else if (arg.length == 2 && arg[0].equals("merge")) {
            merge(arg[1]);
        } else if (arg.length == 7 && arg[0].equals("search")) {
            search(arg);
        } else {
            System.err.println("usage: index DOCS.tsv DIR | merge DIR | "
                    + "search DIR QUERIES.tsv NAME ROUNDS SECONDS HITS");
            System.exit(2);
        }
    }
}
