"""Sites as Vite, React and TypeScript projects, built in the sandbox."""
