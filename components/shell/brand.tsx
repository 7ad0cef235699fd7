export function Brand({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" style={{ flex: "none" }}>
      <rect width="32" height="32" rx="8" fill="#4338ca" />
      <path
        d="M9 10.5 16 21l7-10.5M9 10.5v11M23 10.5v11"
        fill="none"
        stroke="#fff"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle cx="9" cy="10.5" r="2.6" fill="#fff" />
      <circle cx="23" cy="10.5" r="2.6" fill="#fff" />
      <circle cx="16" cy="21" r="2.6" fill="#fff" />
    </svg>
  );
}
