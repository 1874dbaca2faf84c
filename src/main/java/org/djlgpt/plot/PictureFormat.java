package org.djlgpt.plot;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;

import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** What a picture can be saved as. */
enum PictureFormat {
    PNG(".png") {
        @Override
        void write(Picture picture, OutputStream out) throws IOException {
            try (ImageOutputStream png = new MemoryCacheImageOutputStream(out)) {
                if (!ImageIO.write(picture.image(), "png", png)) {
                    throw new IOException("this Java runtime has no PNG writer");
                }
            }
        }
    },
    SVG(".svg") {
        @Override
        void write(Picture picture, OutputStream out) throws IOException {
            out.write(picture.svg().getBytes(StandardCharsets.UTF_8));
        }
    };

    private final String extension;

    PictureFormat(String extension) {
        this.extension = extension;
    }

    abstract void write(Picture picture, OutputStream out) throws IOException;

    /** Chooses by the end of a file's name, in either case. */
    static PictureFormat of(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        return Stream.of(values())
                .filter(format -> name.endsWith(format.extension))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        file
                                                + " is no picture file; end its name in .png or"
                                                + " .svg"));
    }
}
