/**
 * Files: {@link org.djlgpt.io.AtomicFile} writes one whole or not at all, {@link
 * org.djlgpt.io.AtomicFolder} several together, {@link org.djlgpt.io.SafeTensors} keeps named
 * tensors in one, {@link org.djlgpt.io.Json} reads what strangers wrote, and {@link
 * org.djlgpt.io.FileProblem} says why a file can't be used.
 *
 * <p>Imports Gson and DJL only.
 */
package org.djlgpt.io;
