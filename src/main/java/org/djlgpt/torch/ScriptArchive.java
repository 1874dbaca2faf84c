package org.djlgpt.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The file format in which libtorch accepts TorchScript source: a zip archive with one module
 * object and the code of its class.
 *
 * <p>Every source file goes into the archive as it is, so that libtorch's error messages carry its
 * line numbers. A module's methods are all that can be called from outside; the module's class
 * therefore gets one method for each function whose name does not start with an underscore.
 */
final class ScriptArchive {

    private static final Pattern FUNCTION =
            Pattern.compile("^def ([a-z]\\w*)\\(([^)]*)\\)\\s*->\\s*([^:]+):", Pattern.MULTILINE);
    private static final Pattern PARAMETER_NAME = Pattern.compile("(\\w+)\\s*:");

    /** Version of the operator signatures; with older ones {@code gelu} knows no approximation. */
    private static final String VERSION = "10\n";

    /** The pickled empty tuple. */
    private static final String CONSTANTS = "\u0080\u0002).";

    /** A pickled object of class {@code __torch__.Kernels} with the state {@code training=True}. */
    private static final String MODULE =
            "\u0080\u0002c__torch__\nKernels\n)\u0081}X\u0008\u0000\u0000\u0000training\u0088sb.";

    private static final String CLASS_HEADER =
            """
            class Kernels(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
            """;

    private ScriptArchive() {}

    /**
     * Builds the archive.
     *
     * @param sources the text of each source file by its name without extension
     * @return the bytes of the archive
     */
    static byte[] of(Map<String, String> sources) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "version", VERSION.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "constants.pkl", CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "data.pkl", MODULE.getBytes(StandardCharsets.ISO_8859_1));
            StringBuilder module = new StringBuilder(CLASS_HEADER);
            for (Map.Entry<String, String> source : sources.entrySet()) {
                String path = "code/__torch__/" + source.getKey() + ".py";
                store(zip, path, source.getValue().getBytes(StandardCharsets.UTF_8));
                appendMethods(module, source.getKey(), source.getValue());
            }
            store(zip, "code/__torch__.py", module.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void appendMethods(StringBuilder module, String file, String source) {
        Matcher function = FUNCTION.matcher(source);
        while (function.find()) {
            String name = function.group(1);
            String parameters = function.group(2);
            String arguments =
                    PARAMETER_NAME
                            .matcher(parameters)
                            .results()
                            .map(parameter -> parameter.group(1))
                            .collect(Collectors.joining(", "));
            String result = function.group(3);
            module.append("  def %s(self, %s) -> %s:\n".formatted(name, parameters, result))
                    .append("    return __torch__.%s.%s(%s)\n".formatted(file, name, arguments));
        }
    }

    /** libtorch maps the archive into memory and reads uncompressed entries only. */
    private static void store(ZipOutputStream zip, String path, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry("kernels/" + path);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
