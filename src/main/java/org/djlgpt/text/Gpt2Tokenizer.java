package org.djlgpt.text;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Byte-pair encoding as GPT-2 has it, over GPT-2's own vocabulary of 50,257 ids, of which the last,
 * 50256, is {@code <|endoftext|>}, or over any other that was learnt in the same way.
 *
 * <p>Every Unicode text has ids, since each byte has one. They are those of OpenAI's tiktoken for
 * every character of Unicode, on any release of Java. The first instance with GPT-2's vocabulary
 * reads it in about half a second; further ones of the process share it.
 *
 * <p>Text is taken as text, as in tiktoken: {@link #encode} makes letters of {@code <|endoftext|>},
 * so that nobody ends a document by writing about it. Who has put such a token there asks for it
 * with {@link #encodeWithSpecialTokens}.
 *
 * <p>Source: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section
 * 2.2.
 */
public final class Gpt2Tokenizer implements Tokenizer {

    private final Gpt2Files files;
    private final BytePairs pairs;
    private final Pattern added;
    private final Pattern addedAndSpecial;
    private final Map<String, Integer> wholeIds = new LinkedHashMap<>();
    private final boolean hasTokensOfSeveralWords;

    /** Makes the tokenizer with GPT-2's vocabulary. */
    public Gpt2Tokenizer() {
        this(Published.FILES, Published.PAIRS);
    }

    private Gpt2Tokenizer(Gpt2Files files, BytePairs pairs) {
        this.files = files;
        this.pairs = pairs;
        wholeIds.putAll(files.added().text());
        added = anyOf(wholeIds);
        wholeIds.putAll(files.added().special());
        addedAndSpecial = anyOf(wholeIds);
        hasTokensOfSeveralWords =
                wholeIds.keySet().stream().anyMatch(WordSplitter::beginsAnotherWord);
    }

    /** Defers reading the vocabulary to the first use, and shares it. */
    private static final class Published {
        static final Gpt2Files FILES = Gpt2Files.published();
        static final BytePairs PAIRS = FILES.pairs(Path.of(""));
    }

    /** Finds the longest of the tokens that begin at a place; nothing, if there are none. */
    private static Pattern anyOf(Map<String, Integer> tokens) {
        return tokens.isEmpty()
                ? Pattern.compile("(?!)")
                : Pattern.compile(
                        tokens.keySet().stream()
                                .sorted(Comparator.comparing(String::length).reversed())
                                .map(Pattern::quote)
                                .collect(joining("|")));
    }

    /**
     * Opens the tokenizer of a model folder.
     *
     * @param directory a folder with {@code vocab.json} and {@code merges.txt}, of GPT-2 or of
     *     another vocabulary; tokens that {@code added_tokens.json}, {@code
     *     special_tokens_map.json} or {@code tokenizer_config.json} name are known as well
     * @return the tokenizer
     * @throws IllegalArgumentException if a file is missing or malformed, the files contradict each
     *     other, or they ask for another tokenizer than GPT-2's
     * @throws IOException if a file can't be read
     */
    public static Gpt2Tokenizer load(Path directory) throws IOException {
        return of(Gpt2Files.read(directory), directory);
    }

    /** Makes the tokenizer that files describe, which are in a folder, or will be. */
    static Gpt2Tokenizer of(Gpt2Files files, Path folder) {
        return new Gpt2Tokenizer(files, files.pairs(folder));
    }

    /**
     * {@inheritDoc}
     *
     * <p>Tokens that were added to a vocabulary for parts of text are found wherever they are.
     */
    @Override
    public int[] encode(String text) {
        return encode(text, added);
    }

    /**
     * {@inheritDoc}
     *
     * <p>In GPT-2's vocabulary {@code <|endoftext|>} is the only one, and becomes the id 50256.
     */
    @Override
    public int[] encodeWithSpecialTokens(String text) {
        return encode(text, addedAndSpecial);
    }

    private int[] encode(String text, Pattern whole) {
        TokenizerInput.requireText(text);
        IntStream.Builder ids = IntStream.builder();
        int from = 0;
        for (Matcher token = whole.matcher(text); token.find(); from = token.end()) {
            addWords(text.substring(from, token.start()), ids);
            ids.add(wholeIds.get(token.group()));
        }
        addWords(text.substring(from), ids);
        return ids.build().toArray();
    }

    private void addWords(String text, IntStream.Builder ids) {
        int end;
        for (int start = 0; start < text.length(); start = end) {
            end = WordSplitter.end(text, start);
            for (int id : pairs.encode(text.substring(start, end))) {
                ids.add(id);
            }
        }
    }

    /**
     * {@inheritDoc}
     *
     * @return whether white space follows something else, where no word of GPT-2's goes on; always
     *     false if a token was added that does go on there
     */
    @Override
    public boolean maySplit(int before, int after) {
        return !hasTokensOfSeveralWords && WordSplitter.isSplit(before, after);
    }

    @Override
    public Set<String> specialTokens() {
        return files.added().special().keySet();
    }

    @Override
    public Gpt2Tokenizer withSpecialTokens(List<String> tokens) {
        AddedTokens.requireNew(tokens, files.vocabulary().keySet());
        AddedTokens.requireNew(tokens, wholeIds.keySet());
        return of(files.withSpecial(tokens, vocabSize()), Path.of(""));
    }

    /**
     * {@inheritDoc}
     *
     * <p>A special token stands for the text that it is written as.
     */
    @Override
    public byte[] decodeBytes(int... ids) {
        return pairs.decode(ids);
    }

    /**
     * {@inheritDoc}
     *
     * @return 50257 for GPT-2's
     */
    @Override
    public int vocabSize() {
        return pairs.size();
    }

    /**
     * {@inheritDoc}
     *
     * @return 50256 for GPT-2's; for another, what its files call {@code eos_token}, or else {@code
     *     <|endoftext|>}
     */
    @Override
    public OptionalInt endOfText() {
        String token = files.added().endOfText();
        return token == null ? OptionalInt.empty() : OptionalInt.of(wholeIds.get(token));
    }

    /**
     * {@inheritDoc}
     *
     * <p>The files are {@code vocab.json} and {@code merges.txt}, which Hugging Face's {@code
     * GPT2Tokenizer} reads, {@code added_tokens.json} and {@code special_tokens_map.json} if there
     * are more tokens than {@code <|endoftext|>} that no merge makes, and {@code tokenizer.json}
     * and {@code tokenizer_config.json}, which say all of it again for its {@code AutoTokenizer}
     * and {@code tokenizers}.
     */
    @Override
    public void save(Path directory) throws IOException {
        Files.createDirectories(directory);
        new Gpt2FilesWriter(files, directory).write();
    }
}
