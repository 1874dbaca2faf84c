package org.djlgpt.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

class JavaClassPathTest {

    @Test
    void aBuildToolsLoaderIsAskedForItsFiles() throws IOException {
        Path classes = Path.of("with space", "classes").toAbsolutePath();
        Path jar = Path.of("lib.jar").toAbsolutePath();
        URL[] urls = {
            classes.toUri().toURL(), jar.toUri().toURL(), URI.create("http://host/a.jar").toURL()
        };
        try (URLClassLoader loader = new URLClassLoader(urls)) {
            assertEquals(classes + File.pathSeparator + jar, JavaClassPath.of(loader));
        }
    }

    @Test
    void otherwiseTheProcessKnows() {
        ClassLoader loader = ClassLoader.getSystemClassLoader();
        assertEquals(System.getProperty("java.class.path"), JavaClassPath.of(loader));
    }
}
