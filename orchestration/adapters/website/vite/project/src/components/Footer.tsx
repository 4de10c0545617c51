import { Band } from "../art/Band";
import { business, HOME } from "../business";
import { Reach } from "./Reach";

export function Footer({ current }: { current: string }) {
  const ways = business.contact.filter((way) => way.kind !== "note");
  return (
    <footer className="foot">
      <div className="wrap foot-grid">
        <div>
          <p className="foot-name">{business.name}</p>
          {ways.length > 0 && <Reach ways={ways} />}
        </div>
        <nav aria-label="All pages">
          <ul>
            {business.pages.map((page) => (
              <li key={page.path}>
                <a href={page.path} aria-current={current === page.path ? "page" : undefined}>
                  {page.title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      {current === HOME && <Band />}
    </footer>
  );
}
