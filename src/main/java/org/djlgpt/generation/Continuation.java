package org.djlgpt.generation;

/**
 * What was written for a {@link TextRequest}.
 *
 * @param text the new text, without the prompt
 * @param report how much it was, how fast, and why it ended
 */
public record Continuation(String text, GenerationReport report) {}
