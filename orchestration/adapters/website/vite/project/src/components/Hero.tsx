import type { ReactNode } from "react";
import { business, type Link } from "../business";

type HeroProps = {
  heading: string;
  /** Where the drawing stands. */
  layout: "right" | "left" | "banner";
  /** How long the heading is: a long one is set smaller. */
  size?: "long" | "very-long";
  art: ReactNode;
  actions?: Link[];
  children: ReactNode;
};

/** The first screen of the home page. */
export function Hero({ heading, layout, size, art, actions = [], children }: HeroProps) {
  return (
    <section className={`hero hero-${layout}`}>
      <div className="wrap hero-grid">
        <div className="hero-words">
          {business.trade && <p className="eyebrow">{business.trade}</p>}
          <h1 className={size}>{heading}</h1>
          <p className="lead">{children}</p>
          {actions.length > 0 && (
            <p className="actions">
              {actions.map((action, at) => (
                <a key={action.path} className={at === 0 ? "button" : "button quiet"} href={action.path}>
                  {action.title}
                </a>
              ))}
            </p>
          )}
        </div>
        <div className="hero-art">{art}</div>
      </div>
    </section>
  );
}
