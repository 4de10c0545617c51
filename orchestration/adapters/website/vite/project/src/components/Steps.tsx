import { Section } from "./Section";

/** What happens first, second, third. */
export function Steps({ heading, steps }: { heading: string; steps: string[] }) {
  return (
    <Section kind="steps">
      <h2>{heading}</h2>
      <ol className="steps">
        {steps.map((step) => (
          <li key={step}>
            <span>{step}</span>
          </li>
        ))}
      </ol>
    </Section>
  );
}
