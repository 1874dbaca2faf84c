package org.djlgpt.text;

import org.djlgpt.io.Json;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code meta.pkl}, which nanoGPT's preparation of characters leaves beside its token files: a
 * dictionary whose {@code itos} has the character of each id, {@code stoi} the id of each
 * character, and {@code vocab_size} their number.
 *
 * <p>A pickle is a program. Of its instructions only those are known that make dictionaries,
 * strings and whole numbers; whatever else stands there, such as a call, is refused and not done.
 *
 * <p>Source: Python's {@code pickletools}, protocols 2 to 5.
 */
final class CharacterPickle {

    static final String FILE = "meta.pkl";

    private static final int MAX_BYTES = 100_000_000;
    private static final Object MARK = new Object();

    private final Path file;
    private final ByteBuffer program;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Integer, Object> memo = new HashMap<>();

    private CharacterPickle(Path file, byte[] program) {
        this.file = file;
        this.program = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads the characters in the order of their ids.
     *
     * @throws IllegalArgumentException if the file is no pickle of such a dictionary
     */
    static String read(Path file) throws IOException {
        CharacterPickle pickle = new CharacterPickle(file, Json.readBytes(file, MAX_BYTES));
        try {
            return pickle.characters(pickle.run());
        } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
            throw pickle.malformed("it is cut or damaged");
        }
    }

    private Object run() {
        while (true) {
            int at = program.position();
            int code = unsignedByte();
            switch (code) {
                case 0x80 -> unsignedByte(); // PROTO
                case 0x95 -> program.getLong(); // FRAME, which only says how much follows
                case '}' -> stack.add(new HashMap<>()); // EMPTY_DICT
                case '(' -> stack.add(MARK);
                case 's' -> setItems(stack.size() - 2);
                case 'u' -> {
                    int mark = stack.lastIndexOf(MARK);
                    stack.remove(mark);
                    setItems(mark);
                }
                case 'X' -> stack.add(text(program.getInt())); // BINUNICODE
                case 0x8C -> stack.add(text(unsignedByte())); // SHORT_BINUNICODE
                case 'K' -> stack.add(unsignedByte()); // BININT1
                case 'M' -> stack.add(Short.toUnsignedInt(program.getShort())); // BININT2
                case 'J' -> stack.add(program.getInt()); // BININT
                case 0x94 -> memo.put(memo.size(), stack.get(stack.size() - 1)); // MEMOIZE
                case 'q' -> memo.put(unsignedByte(), stack.get(stack.size() - 1)); // BINPUT
                case 'r' -> memo.put(program.getInt(), stack.get(stack.size() - 1));
                case 'h' -> stack.add(remembered(unsignedByte())); // BINGET
                case 'j' -> stack.add(remembered(program.getInt())); // LONG_BINGET
                case '.' -> {
                    return stack.remove(stack.size() - 1);
                }
                default ->
                        throw malformed(
                                "byte %d is the instruction 0x%02X, %s, but only those are read"
                                        + " that make dictionaries, strings and whole numbers",
                                at, code, name(code));
            }
        }
    }

    /** Returns what pickletools calls an instruction that runs code or makes an object. */
    private static String name(int code) {
        return switch (code) {
            case 'c', 0x93 -> "which names a function or class (GLOBAL)";
            case 'R' -> "which calls a function (REDUCE)";
            case 'i', 'o', 0x81, 0x92 -> "which makes an object (NEWOBJ)";
            case 'b' -> "which changes an object (BUILD)";
            default -> "of another kind";
        };
    }

    private int unsignedByte() {
        return Byte.toUnsignedInt(program.get());
    }

    private String text(int length) {
        if (length < 0 || length > program.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer utf8 = program.slice(program.position(), length);
        program.position(program.position() + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
        } catch (CharacterCodingException e) {
            throw malformed("it has a string that is not UTF-8");
        }
    }

    private Object remembered(int key) {
        if (!memo.containsKey(key)) {
            throw malformed("it refers to something that it has not made");
        }
        return memo.get(key);
    }

    /**
     * Puts what lies on the stack from an index on, keys and values in turn, into what is below.
     */
    private void setItems(int from) {
        if (!(stack.get(from - 1) instanceof Map<?, ?>) || (stack.size() - from) % 2 != 0) {
            throw malformed("it puts something into what is no dictionary");
        }
        @SuppressWarnings("unchecked")
        Map<Object, Object> dictionary = (Map<Object, Object>) stack.get(from - 1);
        List<Object> items = stack.subList(from, stack.size());
        for (int i = 0; i < items.size(); i += 2) {
            if (items.get(i) instanceof Map<?, ?>) {
                throw malformed("it has a dictionary as a key");
            }
            dictionary.put(items.get(i), items.get(i + 1));
        }
        items.clear();
    }

    private String characters(Object meta) {
        if (!(meta instanceof Map<?, ?> fields)
                || !(fields.get("itos") instanceof Map<?, ?> itos)
                || !(fields.get("stoi") instanceof Map<?, ?> stoi)
                || !(fields.get("vocab_size") instanceof Integer size)) {
            throw malformed("it is no dictionary with vocab_size, itos and stoi");
        }
        if (itos.size() != size || stoi.size() != size) {
            throw malformed(
                    "vocab_size is %d, but itos has %d and stoi %d characters",
                    size, itos.size(), stoi.size());
        }
        StringBuilder characters = new StringBuilder();
        for (int id = 0; id < itos.size(); id++) {
            if (!(itos.get(id) instanceof String character)
                    || character.codePointCount(0, character.length()) != 1
                    || !Integer.valueOf(id).equals(stoi.get(character))) {
                throw malformed(
                        "itos and stoi do not have one and the same character for id %d", id);
            }
            characters.append(character);
        }
        return characters.toString();
    }

    private IllegalArgumentException malformed(String reason, Object... values) {
        return new IllegalArgumentException(
                "%s is not nanoGPT's list of characters: ".formatted(file)
                        + reason.formatted(values));
    }
}
