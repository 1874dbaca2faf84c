package org.djlgpt.notebooks;

/** Why a cell could not be executed to its end. */
final class CellFailure extends Exception {

    private static final long serialVersionUID = 1L;

    CellFailure(String message) {
        super(message);
    }

    CellFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
