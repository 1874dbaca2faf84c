package org.djlgpt.tuning;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;

import org.djlgpt.text.TextFile;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A CSV file of labelled texts, see {@link LabelledText#read}. */
final class LabelledCsv {

    static final String ARTIFACT = "de.siegmar:fastcsv";

    private static final String TEXT = "text";
    private static final String LABEL = "label";

    /** Put at the end, where an open quotation mark would swallow it. */
    private static final String LAST_ROW = "the last row";

    private final Path file;

    LabelledCsv(Path file) {
        this.file = file;
    }

    List<LabelledText> read() throws IOException {
        List<CsvRecord> rows = rows();
        List<LabelledText> texts = new ArrayList<>();
        if (!rows.isEmpty()) {
            List<String> columns = columns(rows.get(0));
            rows.stream().skip(1).forEach(row -> texts.add(text(row, columns)));
        }
        return texts;
    }

    private List<CsvRecord> rows() throws IOException {
        CsvReader.CsvReaderBuilder format =
                CsvReader.builder()
                        .extraFieldStrategy(FieldMismatchStrategy.IGNORE) // refused below
                        .missingFieldStrategy(FieldMismatchStrategy.IGNORE);
        List<CsvRecord> rows;
        try (CsvReader<CsvRecord> records =
                format.ofCsvRecord(TextFile.read(file) + "\n" + LAST_ROW)) {
            rows = records.stream().collect(Collectors.toCollection(ArrayList::new));
        } catch (CsvParseException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IllegalArgumentException(
                    "%s is no CSV: %s".formatted(file, cause.getMessage()), e);
        }
        CsvRecord last = rows.remove(rows.size() - 1);
        if (!last.getFields().equals(List.of(LAST_ROW))) {
            throw new IllegalArgumentException(
                    ("%s line %d has a quotation mark that nothing closes; double it if it is part"
                                    + " of"
                                    + " a text, and put the text in quotation marks")
                            .formatted(file, last.getStartingLineNumber()));
        }
        return rows;
    }

    private List<String> columns(CsvRecord header) {
        List<String> columns = header.getFields().stream().map(String::strip).toList();
        if (!columns.contains(TEXT)) {
            throw new IllegalArgumentException(
                    "%s has no column \"%s\", but %s; name the columns in its first line"
                            .formatted(file, TEXT, columns));
        }
        for (String column : List.of(TEXT, LABEL)) {
            if (columns.indexOf(column) != columns.lastIndexOf(column)) {
                throw new IllegalArgumentException(
                        "%s has two columns \"%s\"; delete one".formatted(file, column));
            }
        }
        return columns;
    }

    private LabelledText text(CsvRecord row, List<String> columns) {
        String place = file + " line " + row.getStartingLineNumber();
        if (row.getFieldCount() != columns.size()) {
            throw new IllegalArgumentException(
                    ("%s has %d field(s), but the first line %d; put a text that has a comma in"
                                    + " quotation marks")
                            .formatted(place, row.getFieldCount(), columns.size()));
        }
        int label = columns.indexOf(LABEL);
        return new LabelledText(
                row.getField(columns.indexOf(TEXT)), label < 0 ? null : row.getField(label), place);
    }
}
