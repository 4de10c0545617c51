import { Section } from "./Section";

/** A list of single lines beside its heading. */
export function Checklist({ heading, lines }: { heading: string; lines: string[] }) {
  return (
    <Section kind="list">
      <div className="two">
        <h2>{heading}</h2>
        <ul className="ticks">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
    </Section>
  );
}
