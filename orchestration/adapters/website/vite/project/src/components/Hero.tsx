import type { ReactNode } from "react";
import { business, type Link } from "../business";
import { Direct, directWays } from "./Direct";

type HeroProps = {
  heading: string;
  /** Where the drawing stands. */
  layout: "right" | "left" | "banner";
  /** How long the heading is: a long one is set smaller. */
  size?: "long" | "very-long";
  art: ReactNode;
  actions?: Link[];
  children?: ReactNode;
};

/** The first screen of the home page; beside its own buttons stands one to call, or else to write. */
export function Hero({ heading, layout, size, art, actions = [], children }: HeroProps) {
  const [way] = directWays();
  return (
    <section className={`hero hero-${layout}`}>
      <div className="wrap hero-grid">
        <div className="hero-words">
          {business.trade && <p className="eyebrow">{business.trade}</p>}
          <h1 className={size}>{heading}</h1>
          {children && <p className="lead">{children}</p>}
          {(actions.length > 0 || way) && (
            <p className="buttons">
              {actions.map((action, at) => (
                <a key={action.path} className={at === 0 ? "button" : "button quiet"} href={action.path}>
                  {action.title}
                </a>
              ))}
              {way && <Direct way={way} quiet={actions.length > 0} />}
            </p>
          )}
        </div>
        <div className="hero-art">{art}</div>
      </div>
    </section>
  );
}
