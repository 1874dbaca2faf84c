package org.djlgpt.notebooks;

import com.google.gson.JsonArray;

import jdk.jshell.DeclarationSnippet;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.SourceCodeAnalysis.CompletionInfo;
import jdk.jshell.VarSnippet;
import jdk.jshell.execution.LocalExecutionControlProvider;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Executes cells as IJava and JJava do, without Jupyter: in JShell, in this process. While it is
 * open, standard output belongs to the cells, and numbers are written as in no particular country.
 */
final class JShellKernel implements AutoCloseable {

    /** What IJava imports; JJava imports more. */
    private static final List<String> IMPORTS =
            List.of(
                    "java.io.*",
                    "java.math.*",
                    "java.net.*",
                    "java.util.*",
                    "java.util.concurrent.*",
                    "java.util.prefs.*",
                    "java.util.regex.*",
                    "static org.djlgpt.notebooks.KernelFunctions.*");

    private static final Duration START_LIMIT = Duration.ofMinutes(1);

    private final Duration cellLimit;
    private final CellOutputs outputs = new CellOutputs();
    private final PrintStream standardOutput = System.out;
    private final Locale locale = Locale.getDefault();
    private final Thread.UncaughtExceptionHandler uncaught =
            Thread.getDefaultUncaughtExceptionHandler(); // JShell sets one that says nothing
    private final ExecutorService thread = Executors.newSingleThreadExecutor(JShellKernel::daemon);
    private JShell shell;

    /**
     * Starts a fresh JShell.
     *
     * @param cellLimit after this time a cell is stopped
     */
    JShellKernel(Duration cellLimit) throws CellFailure {
        this.cellLimit = cellLimit;
        KernelFunctions.showIn(outputs);
        System.setOut(new PrintStream(outputs.standardOutput(), true, StandardCharsets.UTF_8));
        Locale.setDefault(Locale.ROOT);
        inTime(START_LIMIT, this::start);
    }

    /** JShell changes the context class loader of its thread, so it gets one of its own. */
    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "notebook");
        thread.setDaemon(true);
        return thread;
    }

    private Void start() throws CellFailure {
        shell =
                JShell.builder()
                        .executionEngine(new LocalExecutionControlProvider(), Map.of())
                        .build();
        shell.addToClasspath(System.getProperty("java.class.path"));
        KernelFunctions.loadBy(shell::addToClasspath);
        for (String name : IMPORTS) {
            evaluate("import " + name + ";");
        }
        return null;
    }

    /**
     * Executes a cell.
     *
     * @return its outputs, as nbformat writes them
     * @throws CellFailure if it does not compile, throws, uses something undefined, or takes too
     *     long
     */
    JsonArray execute(String source) throws CellFailure {
        inTime(cellLimit, () -> executeHere(source));
        return outputs.take();
    }

    private Void executeHere(String source) throws CellFailure {
        SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
        CompletionInfo next = analysis.analyzeCompletion(source);
        Snippet last = null;
        while (next.completeness().isComplete()) {
            last = evaluate(next.source());
            next = analysis.analyzeCompletion(next.remaining());
        }
        if (next.completeness() != SourceCodeAnalysis.Completeness.EMPTY) {
            throw new CellFailure("incomplete: " + next.remaining().strip());
        }
        showResult(last);
        return null;
    }

    private void showResult(Snippet last) throws CellFailure {
        if (last == null) {
            return;
        }
        switch (last.subKind()) {
            case TEMP_VAR_EXPRESSION_SUBKIND -> showResult(((VarSnippet) last).name());
            case VAR_VALUE_SUBKIND -> showResult(((ExpressionSnippet) last).name());
            default -> {}
        }
    }

    private void showResult(String variable) throws CellFailure {
        evaluate("showResult(" + variable + ");");
    }

    private Snippet evaluate(String source) throws CellFailure {
        Snippet evaluated = null;
        for (SnippetEvent event : shell.eval(source)) {
            if (event.causeSnippet() == null) {
                requireSuccess(event);
                evaluated = event.snippet();
            }
        }
        return evaluated;
    }

    private void requireSuccess(SnippetEvent event) throws CellFailure {
        if (event.exception() instanceof EvalException thrown) {
            throw new CellFailure(
                    thrown.getExceptionClassName() + ": " + thrown.getMessage(), thrown);
        }
        if (event.exception() != null || event.status() != Snippet.Status.VALID) {
            throw new CellFailure(whatIsWrongWith(event.snippet()), event.exception());
        }
    }

    private String whatIsWrongWith(Snippet snippet) {
        StringBuilder message = new StringBuilder(snippet.source());
        shell.diagnostics(snippet)
                .forEach(found -> message.append('\n').append(found.getMessage(Locale.ROOT)));
        if (snippet instanceof DeclarationSnippet declaration) {
            shell.unresolvedDependencies(declaration)
                    .forEach(name -> message.append("\nundefined: ").append(name));
        }
        return message.toString();
    }

    private void inTime(Duration limit, Callable<Void> work) throws CellFailure {
        try {
            thread.submit(work).get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            shell.stop();
            throw new CellFailure("stopped after " + limit.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof CellFailure failure
                    ? failure
                    : new CellFailure(e.getCause().toString(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CellFailure("interrupted", e);
        }
    }

    @Override
    public void close() {
        thread.shutdown();
        shell.close();
        System.setOut(standardOutput);
        Locale.setDefault(locale);
        Thread.setDefaultUncaughtExceptionHandler(uncaught);
    }
}
