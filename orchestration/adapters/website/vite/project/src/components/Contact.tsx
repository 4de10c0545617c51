import { business, type Way } from "../business";
import { Reach } from "./Reach";
import { Section } from "./Section";

type ContactProps = { heading: string; without?: Way["kind"] };

/** The facts on contact in business.ts, but those that the page begins with; nothing when there are none. */
export function Contact({ heading, without }: ContactProps) {
  const ways = business.contact.filter((way) => way.kind !== without);
  if (ways.length === 0) return null;
  return (
    <Section kind="contact">
      <div className="two">
        <h2>{heading}</h2>
        <Reach ways={ways} />
      </div>
    </Section>
  );
}
