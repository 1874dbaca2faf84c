package org.djlgpt.text;

import java.io.IOException;
import java.io.InputStream;

/** All documents as one, with a line feed after each that has none, the last excepted. */
final class JoinedDocuments implements TextSource.Documents {

    private final TextSource.Documents documents;
    private boolean opened;

    JoinedDocuments(TextSource.Documents documents) {
        this.documents = documents;
    }

    @Override
    public InputStream next() {
        InputStream next = opened ? null : new Text();
        opened = true;
        return next;
    }

    @Override
    public void close() throws IOException {
        documents.close();
    }

    private final class Text extends InputStream {

        private InputStream document;
        private int first = -1; // of a document, not yet read
        private int last = '\n';

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            while (length > 0) {
                int count = 1;
                if (first >= 0 && last != '\n') {
                    into[from] = '\n';
                } else if (first >= 0) {
                    into[from] = (byte) first;
                    first = -1;
                } else {
                    count = document == null ? -1 : document.read(into, from, length);
                }
                if (count > 0) {
                    last = into[from + count - 1];
                    return count;
                }
                document = documents.next();
                if (document == null) {
                    return -1;
                }
                first = document.read();
            }
            return 0;
        }
    }
}
