package org.djlgpt.plot;

import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

import java.io.StringWriter;

import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

/** Records what a picture draws as SVG, with text as text. */
final class SvgDocument {

    private static final String NAMESPACE = "http://www.w3.org/2000/svg";

    private SvgDocument() {}

    static String of(Picture picture) {
        SVGGeneratorContext context = SVGGeneratorContext.createDefault(emptyDocument());
        context.setComment(null);
        SVGGraphics2D graphics = new SVGGraphics2D(context, false);
        try {
            graphics.setSVGCanvasSize(picture.size());
            picture.paint(graphics);
            return text(graphics.getRoot());
        } finally {
            graphics.dispose();
        }
    }

    /** Not by Batik, whose document type makes some readers ask the network. */
    private static String text(Element root) {
        StringWriter text = new StringWriter();
        try {
            TransformerFactory.newDefaultInstance()
                    .newTransformer()
                    .transform(new DOMSource(root), new StreamResult(text));
        } catch (TransformerException e) {
            throw new IllegalStateException("this Java runtime writes no XML", e);
        }
        return text.toString();
    }

    private static Document emptyDocument() {
        try {
            return DocumentBuilderFactory.newDefaultNSInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument(NAMESPACE, "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this Java runtime makes no XML documents", e);
        }
    }
}
