"""Lists as people work with them: columns of one's choice, saved and shared views, what is shown as an Excel file."""

from yizhan.kernel.listing.declaration import Column, Listing, all_listings, listing_named, register_listing

__all__ = ["Column", "Listing", "all_listings", "listing_named", "register_listing"]
