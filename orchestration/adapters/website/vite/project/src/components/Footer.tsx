import { Band } from "../art/Band";
import { business, HOME } from "../business";

export function Footer({ current }: { current: string }) {
  const pages = business.colophon === null ? business.pages : [...business.pages, business.colophon];
  return (
    <footer className="foot">
      <div className="wrap foot-grid">
        <p className="foot-name">{business.name}</p>
        <nav aria-label="All pages">
          <ul>
            {pages.map((page) => (
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
