import { Direct, directWays } from "./Direct";
import { Section } from "./Section";

type CallToActionProps = { heading: string; href?: string; link?: string };

/** Buttons to call, to write, and to the page that tells more; nothing while business.ts names neither. */
export function CallToAction({ heading, href, link }: CallToActionProps) {
  const ways = directWays();
  if (ways.length === 0) return null;
  return (
    <Section kind="action">
      <div className="action-row">
        <h2>{heading}</h2>
        <p className="buttons">
          {ways.map((way, at) => (
            <Direct key={way.kind} way={way} quiet={at > 0} />
          ))}
          {href && (
            <a className="button quiet" href={href}>
              {link}
            </a>
          )}
        </p>
      </div>
    </Section>
  );
}
