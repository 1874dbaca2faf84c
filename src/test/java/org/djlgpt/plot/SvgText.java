package org.djlgpt.plot;

import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.stream.IntStream;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/** Reads an SVG document as any XML parser does. */
final class SvgText {

    private SvgText() {}

    /** Returns the texts of a document, which must be well-formed. */
    static List<String> of(String svg) {
        try {
            Document document =
                    DocumentBuilderFactory.newDefaultNSInstance()
                            .newDocumentBuilder()
                            .parse(new InputSource(new StringReader(svg)));
            NodeList texts = document.getElementsByTagName("text");
            return IntStream.range(0, texts.getLength())
                    .mapToObj(i -> texts.item(i).getTextContent())
                    .toList();
        } catch (SAXException | IOException | ParserConfigurationException e) {
            throw new AssertionError(e);
        }
    }
}
