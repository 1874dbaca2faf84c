package org.djlgpt.bench;

import java.io.File;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Where this program's classes come from, so that another process can load them too. */
final class JavaClassPath {

    private JavaClassPath() {}

    /**
     * Returns the class path of a class loader.
     *
     * @param loader a loader of URLs, as build tools use inside their own process, or any other,
     *     for which the process's class path is returned
     * @return a class path for the command line
     */
    static String of(ClassLoader loader) {
        if (!(loader instanceof URLClassLoader urls)) {
            return System.getProperty("java.class.path");
        }
        return Arrays.stream(urls.getURLs())
                .filter(url -> url.getProtocol().equals("file"))
                .map(JavaClassPath::file)
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static String file(URL url) {
        return Path.of(URI.create(url.toString())).toString();
    }
}
