package org.djlgpt.plot;

import org.djlgpt.io.AtomicFile;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Saves images. */
final class PngFile {

    private PngFile() {}

    static void save(BufferedImage image, Path file) throws IOException {
        AtomicFile.writeStream(
                file,
                out -> {
                    try (ImageOutputStream png = new MemoryCacheImageOutputStream(out)) {
                        if (!ImageIO.write(image, "png", png)) {
                            throw new IOException("this Java runtime has no PNG writer");
                        }
                    }
                });
    }
}
