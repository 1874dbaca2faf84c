package org.djlgpt.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.djlgpt.cli.console.Launch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The script {@code gpt}, and the lines that messages tell a person to type. */
@DisabledOnOs(OS.WINDOWS)
class LaunchTest {

    /** What the script needs besides Java. */
    private static final List<String> TOOLS = List.of("dirname", "readlink", "sed");

    @TempDir private Path folder;
    private Path script;

    /** Puts the script beside a jar that leads to the classes under test. */
    @BeforeEach
    void install() throws IOException {
        script = Files.createDirectories(folder.resolve("a b")).resolve("gpt");
        Files.copy(Path.of("src/main/sh/gpt"), script);
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, Gpt.class.getName());
        main.put(Attributes.Name.CLASS_PATH, classPath());
        try (OutputStream jar = Files.newOutputStream(script.resolveSibling("gpt.jar"))) {
            new JarOutputStream(jar, manifest).close();
        }
    }

    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" "));
    }

    @Test
    void argumentsArriveAsTheyAreThroughALinkFromAnotherFolder() throws Exception {
        Path near = Files.createSymbolicLink(folder.resolve("near"), Path.of("a b/gpt"));
        Path far = Files.createDirectory(folder.resolve("far")).resolve("gpt");
        Files.createSymbolicLink(far, near);
        ProcessBuilder start = new ProcessBuilder(far.toString(), "it's *  \"$HOME\"", "b");
        start.directory(far.getParent().toFile());

        String said = say(start, 2);

        assertTrue(said.contains(": 'it's *  \"$HOME\"', 'b'"), said);
    }

    @Test
    void optionsForJavaAreWordsOfAVariable() throws Exception {
        ProcessBuilder start = new ProcessBuilder(script.toString(), "--version");
        start.environment().put("JAVA_OPTS", "-Xmx64m  -showversion -Dx=*");

        String said = say(start, 0);

        assertTrue(said.contains("Server VM"), said);
        assertTrue(said.contains("djl-gpt "), said);
    }

    @Test
    void javaOptimizesLateUnlessToldOtherwise() throws Exception {
        assertTrue(flags("").contains(" -XX:Tier4InvocationThreshold=100000 "));
        assertTrue(
                flags("-XX:Tier4InvocationThreshold=5000")
                        .contains(" -XX:Tier4InvocationThreshold=5000 "));
    }

    private String flags(String options) throws Exception {
        ProcessBuilder start = new ProcessBuilder(script.toString(), "--version");
        start.environment().put("JAVA_OPTS", "-XX:+PrintCommandLineFlags " + options);
        return say(start, 0);
    }

    @Test
    void aJavaThatIsTooOldIsPassedOverOrNamed() throws Exception {
        ProcessBuilder start = new ProcessBuilder("/bin/sh", script.toString(), "--version");
        start.environment().put("JAVA_HOME", home("old", "1.8.0_452"));
        Path tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : TOOLS) {
            executable(tools.resolve(tool), "exec " + which(tool) + " \"$@\"");
        }
        start.environment().put("PATH", tools.toString());

        assertEquals(
                "gpt: Java 17 or later is needed, but "
                        + folder
                        + "/old/bin/java is Java 8; install one, or name its folder in JAVA_HOME\n",
                say(start, 2));

        start.environment().remove("JAVA_HOME");
        assertTrue(say(start, 2).contains("but there is none on the PATH"));

        start.environment().put("JAVA_HOME", home("older", "11.0.21"));
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        executable(tools.resolve("java"), "exec " + java + " \"$@\"");
        assertTrue(say(start, 0).startsWith("djl-gpt "));
    }

    @Test
    void aMissingJarIsNamedWithItsRemedy() throws Exception {
        Files.delete(script.resolveSibling("gpt.jar"));

        String said = say(new ProcessBuilder(script.toString()), 2);

        assertTrue(said.startsWith("gpt: " + script + ".jar is missing; 'mvn "), said);
    }

    @Test
    void aSignalReachesTheTrainingAndTheNextLineNamesTheScript() throws Exception {
        Path out = folder.resolve("run");
        List<String> command =
                SmallText.options(SmallText.in(folder), out, "--steps", 1_000_000).stream()
                        .map(Object::toString)
                        .collect(Collectors.toList());
        command.add(0, script.toString());
        try (TrainingProcess training = TrainingProcess.start(new ProcessBuilder(command))) {
            training.awaitStep();
            training.signal("TERM");

            assertEquals(143, training.exitCode(), training::said);
            assertTrue(
                    training.said().contains("More     '" + script + "' train --resume " + out),
                    training::said);
        }
    }

    @Test
    void onThePathTheScriptIsCalledByItsName() throws Exception {
        Path out = folder.resolve("run");
        String line =
                SmallText.options(SmallText.in(folder), out, "--steps", 1).stream()
                        .map(Object::toString)
                        .collect(Collectors.joining(" ", "gpt ", ""));
        ProcessBuilder start = new ProcessBuilder("/bin/sh", "-c", line);
        start.environment().merge("PATH", script.getParent() + ":", (path, own) -> own + path);

        String said = say(start, 0);

        assertTrue(said.contains("More     gpt generate --model " + out), said);
    }

    @Test
    void withoutAScriptMavenStartsTheCommand() {
        assertEquals(Launch.MAVEN, Launch.current());
        assertEquals(
                "mvn -q compile exec:java -Dexec.args=\"generate --model runs/gpt\"",
                Launch.MAVEN.line("generate", "--model", "runs/gpt"));
        assertEquals(
                "mvn -q compile exec:java -Dexec.args=\"--model 'my runs/gpt'\"",
                Launch.MAVEN.line("--model", "my runs/gpt"));
    }

    @Test
    void aShellHandsMavenTheLineThatWasMeant() throws Exception {
        String command = Launch.MAVEN.line("$HOME `id` \\n \"quoted\"", "it's");

        assertEquals(
                "-Dexec.args='$HOME `id` \\n \"quoted\"' 'it'\"'\"'s'",
                say(
                        new ProcessBuilder(
                                "/bin/sh",
                                "-c",
                                command.replaceFirst("^mvn .*? -D", "printf %s -D")),
                        0));
    }

    /** Makes what looks like a Java of some version. */
    private String home(String name, String version) throws IOException {
        Path java = folder.resolve(name).resolve("bin/java");
        Files.createDirectories(java.getParent());
        executable(java, "echo 'openjdk version \"" + version + "\"' >&2");
        return folder.resolve(name).toString();
    }

    private static void executable(Path file, String line) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + line + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private static Path which(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(place -> Path.of(place, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow();
    }

    private static String say(ProcessBuilder start, int exitCode) throws Exception {
        Process process = start.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(exitCode, process.waitFor(), said);
        return said;
    }
}
