look-audit-seen = tiningnan ang tala para sa pagsusuri
