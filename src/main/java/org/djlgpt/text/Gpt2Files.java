package org.djlgpt.text;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;

import org.djlgpt.io.FileProblem;
import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the files of a Hugging Face GPT-2 tokenizer say: {@code vocab.json}, an object of tokens and
 * ids, {@code merges.txt}, a version line and one merge a line, and those of {@link AddedTokens}.
 *
 * @param vocabulary the ids of the tokens that the merges make, in the letters of {@link
 *     ByteAlphabet}, and of others that the same file lists
 * @param merges the merges in the order that they are tried, each as two tokens with a space
 *     between
 * @param added the tokens that no merge makes
 * @param kept what goes with them, for others to read
 */
record Gpt2Files(
        Map<String, Integer> vocabulary, List<String> merges, AddedTokens added, KeptFiles kept) {

    static final String VOCABULARY = "vocab.json";
    static final String MERGES = "merges.txt";

    private static final Set<String> KEPT = Set.of(AddedTokens.CONFIG, KeptFiles.CHAT_TEMPLATE);

    /**
     * Derives GPT-2's files from the ranks of jtokkit.
     *
     * <p>An encoding knows the bytes of every token but not the two tokens that it was merged from.
     * A merge made the token out of what the earlier merges had left of its bytes, so running these
     * on them leaves exactly the two.
     */
    static Gpt2Files published() {
        Encoding encoding = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        byte[][] tokens = new byte[50256][];
        List<String> spelled = new ArrayList<>();
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        List<String> merges = new ArrayList<>();
        BytePairs pairs = new BytePairs(tokens);
        for (int id = 0; id < tokens.length; id++) {
            IntArrayList one = new IntArrayList(1);
            one.add(id);
            tokens[id] = encoding.decodeBytes(one);
            spelled.add(ByteAlphabet.spell(tokens[id]));
            vocabulary.put(spelled.get(id), id);
            if (tokens[id].length == 1) {
                pairs.setByte(tokens[id][0], id);
            } else {
                int[] parts = pairs.encode(tokens[id]);
                if (parts.length != 2) {
                    throw new IllegalStateException("token " + id + " is no merge of two others");
                }
                pairs.add(new BytePairs.Merge(parts[0], parts[1], id));
                merges.add(spelled.get(parts[0]) + " " + spelled.get(parts[1]));
            }
        }
        AddedTokens added = AddedTokens.endOfText(tokens.length);
        vocabulary.putAll(added.special());
        return new Gpt2Files(vocabulary, merges, added, KeptFiles.NONE);
    }

    /**
     * Reads the files of a folder.
     *
     * @throws IllegalArgumentException if one is missing or malformed, or asks for what GPT-2's
     *     tokenizer does not do
     */
    static Gpt2Files read(Path folder) throws IOException {
        AddedTokens.requireGpt2(folder);
        FileProblem.requireReadable(folder.resolve(VOCABULARY));
        Map<String, Integer> vocabulary = AddedTokens.readIds(folder.resolve(VOCABULARY));
        List<String> lines = TextFile.read(folder.resolve(MERGES)).lines().toList();
        int header = !lines.isEmpty() && lines.get(0).startsWith("#version") ? 1 : 0;
        return new Gpt2Files(
                vocabulary,
                lines.subList(header, lines.size()),
                AddedTokens.read(folder, vocabulary),
                KeptFiles.read(folder, KEPT::contains));
    }

    /** Returns these files with further special tokens, whose ids follow the others. */
    Gpt2Files withSpecial(List<String> tokens, int vocabSize) {
        return new Gpt2Files(
                vocabulary, merges, added.withSpecial(tokens, vocabSize), kept.chatTemplate());
    }

    /**
     * Tells whether these files of a folder by themselves describe the tokenizer of a {@code
     * tokenizer.json} that lies beside them. SmolLM2, for one, has such files, too, but cuts digits
     * apart.
     */
    static boolean sayAll(Path folder) throws IOException {
        if (!AddedTokens.mayBeGpt2(folder)) {
            return false;
        }
        Path file = folder.resolve(TokenizerJson.FILE);
        byte[] content = Json.readBytes(file, TokenizerJson.MAX_BYTES);
        Json json = Json.parse(file, content, TokenizerJson.MERGES, TokenizerJson.VOCABULARY);
        return json.field("normalizer").isEmpty()
                && json.field("pre_tokenizer")
                        .filter(part -> TokenizerJson.isType(part, "ByteLevel"))
                        .filter(part -> !TokenizerJson.flag(part, "add_prefix_space", true))
                        .filter(part -> TokenizerJson.flag(part, "use_regex", true))
                        .isPresent()
                && sayAllAdded(folder, TokenizerJson.entries(json));
    }

    private static boolean sayAllAdded(Path folder, Map<String, Json> entries) throws IOException {
        if (Set.of(AddedTokens.END_OF_TEXT).containsAll(entries.keySet())) {
            return true;
        }
        AddedTokens added;
        try {
            added = AddedTokens.read(folder, AddedTokens.readIds(folder.resolve(VOCABULARY)));
        } catch (IllegalArgumentException e) {
            return false; // they need the other file
        }
        return entries.entrySet().stream().allMatch(entry -> isSame(entry, added));
    }

    private static boolean isSame(Map.Entry<String, Json> entry, AddedTokens added) {
        Json token = entry.getValue();
        boolean isSpecial = TokenizerJson.flag(token, "special", false);
        Integer id = (isSpecial ? added.special() : added.text()).get(entry.getKey());
        return id != null
                && id == TokenizerJson.id(token.require("id"))
                && Stream.of("single_word", "lstrip", "rstrip")
                        .noneMatch(flag -> TokenizerJson.flag(token, flag, false));
    }

    /**
     * Makes the encoding that the files describe.
     *
     * @param folder where the files are, for messages
     * @throws IllegalArgumentException if the files contradict each other, naming both
     */
    BytePairs pairs(Path folder) {
        Map<String, Integer> ids = allIds(folder);
        byte[][] bytes = new byte[ids.size()][];
        BytePairs pairs = new BytePairs(bytes);
        BitSet explained = new BitSet();
        ids.forEach(
                (token, id) -> {
                    if (id >= bytes.length || bytes[id] != null) {
                        throw contradiction(
                                folder,
                                "token \"%s\" has id=%d, but the ids of %d tokens must be 0 to %d,"
                                        + " each once",
                                token,
                                id,
                                bytes.length,
                                bytes.length - 1);
                    }
                    boolean merged =
                            !added.text().containsKey(token) && !added.special().containsKey(token);
                    bytes[id] =
                            ByteAlphabet.bytes(token)
                                    .filter(spelled -> merged)
                                    .orElseGet(() -> token.getBytes(StandardCharsets.UTF_8));
                    if (merged && bytes[id].length == 1) {
                        pairs.setByte(bytes[id][0], id);
                    }
                    boolean single = bytes[id].length == 1;
                    explained.set(id, !merged || single || token.matches("<.*>|\\[.*]"));
                });
        for (int i = 0; i < merges.size(); i++) {
            BytePairs.Merge merge = merge(i, folder);
            if (!pairs.add(merge)) {
                throw contradiction(folder, "merge %d, \"%s\", comes twice", i + 1, merges.get(i));
            }
            explained.set(merge.result());
        }
        ids.forEach(
                (token, id) -> {
                    if (!explained.get(id)) {
                        throw contradiction(
                                folder,
                                "token \"%s\" of id %d is made by no merge; if it should not be,"
                                        + " list it in %s",
                                token,
                                id,
                                AddedTokens.IDS);
                    }
                });
        return pairs;
    }

    private Map<String, Integer> allIds(Path folder) {
        Map<String, Integer> ids = new LinkedHashMap<>(vocabulary);
        for (Map<String, Integer> more : List.of(added.text(), added.special())) {
            more.forEach(
                    (token, id) -> {
                        Integer other = ids.put(token, id);
                        if (other != null && !other.equals(id)) {
                            throw contradiction(
                                    folder, "token \"%s\" has the ids %d and %d", token, other, id);
                        }
                    });
        }
        return ids;
    }

    private BytePairs.Merge merge(int index, Path folder) {
        String[] parts = merges.get(index).split(" ", -1);
        Integer left = vocabulary.get(parts[0]);
        Integer right = vocabulary.get(parts[parts.length - 1]);
        Integer result = parts.length == 2 ? vocabulary.get(parts[0] + parts[1]) : null;
        if (left == null || right == null || result == null) {
            throw contradiction(
                    folder,
                    "merge %d is \"%s\", which is not two tokens that make a third",
                    index + 1,
                    merges.get(index));
        }
        return new BytePairs.Merge(left, right, result);
    }

    private static IllegalArgumentException contradiction(
            Path folder, String reason, Object... values) {
        return new IllegalArgumentException(
                "%s and %s are cut or do not belong together: "
                                .formatted(folder.resolve(VOCABULARY), folder.resolve(MERGES))
                        + reason.formatted(values));
    }
}
