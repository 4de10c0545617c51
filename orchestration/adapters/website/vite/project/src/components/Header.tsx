import { useEffect, useRef } from "react";
import { Icon } from "../art/Icon";
import { business, HOME } from "../business";

/** The name and the way to every page. On a phone the links are one row that can be pushed sideways. */
export function Header({ current }: { current: string }) {
  const row = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const here = row.current?.querySelector<HTMLElement>("[aria-current]");
    if (row.current && here) row.current.scrollLeft = here.offsetLeft - row.current.offsetLeft - 24;
  }, []);
  const others = business.pages.filter((page) => page.path !== HOME);
  return (
    <header className="top">
      <div className="wrap top-row">
        <a className="brand" href={HOME} aria-current={current === HOME ? "page" : undefined}>
          <Icon />
          <span>{business.name}</span>
        </a>
        {others.length > 0 && (
          <nav aria-label="Pages">
            <ul ref={row}>
              {others.map((page) => (
                <li key={page.path}>
                  <a href={page.path} aria-current={current === page.path ? "page" : undefined}>
                    {page.title}
                  </a>
                </li>
              ))}
            </ul>
          </nav>
        )}
      </div>
    </header>
  );
}
