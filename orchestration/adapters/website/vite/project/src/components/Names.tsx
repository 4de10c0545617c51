import { Section } from "./Section";

/** A few things in large letters. */
export function Names({ heading, things }: { heading: string; things: string[] }) {
  return (
    <Section kind="names">
      <h2>{heading}</h2>
      <ul className="names">
        {things.map((thing) => (
          <li key={thing}>{thing}</li>
        ))}
      </ul>
    </Section>
  );
}
