/**
 * Files that are written whole or not at all.
 *
 * <p>Imports the JDK only.
 */
package org.djlgpt.io;
